//! Loops compiled for the processor at hand.
#![allow(unsafe_code)]

/// Loops over arguments of their own. `run` is `#[inline(always)]`, and so is whatever it calls, or
/// they are compiled as ever.
pub trait Loops {
    /// Runs them.
    fn run(self);
}

/// Runs `loops` with the compiler free to use the widest registers that the processor has: sixteen
/// `f32` at once with AVX-512, eight with AVX2. The arithmetic stays the same, operation by
/// operation, and so do the bits.
#[inline]
pub fn run(loops: impl Loops) {
    #[cfg(target_arch = "x86_64")]
    if !is_portable() {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            // SAFETY: the processor has the features, as was just asked.
            return unsafe { with_avx512(loops) };
        }
        if has!("avx2") {
            // SAFETY: the processor has the feature, as was just asked.
            return unsafe { with_avx2(loops) };
        }
    }
    loops.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn with_avx512(loops: impl Loops) {
    loops.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(loops: impl Loops) {
    loops.run();
}

/// A function over numbers of a type `E` and borrows for `'a` whose body is [`run`] as [`Loops`].
macro_rules! simd_fn {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),+ $(,)?) $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name<'a, E: $crate::Element>($($argument: $type),+) {
            struct Arguments<'a, E> {
                $($argument: $type,)+
            }
            impl<'a, E: $crate::Element> $crate::element::simd_dispatch::Loops for Arguments<'a, E> {
                #[inline(always)]
                fn run(self) {
                    let Arguments { $($argument,)+ } = self;
                    $body
                }
            }
            $crate::element::simd_dispatch::run(Arguments { $($argument,)+ });
        }
    };
}
pub(crate) use simd_fn;

#[cfg(any(test, feature = "portable"))]
thread_local! {
    static PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether this thread keeps to what every processor has.
pub(crate) fn is_portable() -> bool {
    #[cfg(any(test, feature = "portable"))]
    return PORTABLE.get();
    #[cfg(not(any(test, feature = "portable")))]
    false
}

/// Runs `work` so, or not.
pub(crate) fn set_portable<R>(_portable: bool, work: impl FnOnce() -> R) -> R {
    #[cfg(any(test, feature = "portable"))]
    let before = PORTABLE.replace(_portable);
    let result = work();
    #[cfg(any(test, feature = "portable"))]
    PORTABLE.set(before);
    result
}

/// Runs `work` as on a processor without wide registers, matrix products excepted: those come from
/// a library, which chooses for itself.
#[cfg(any(test, feature = "portable"))]
pub fn portable<R>(work: impl FnOnce() -> R) -> R {
    set_portable(true, work)
}
