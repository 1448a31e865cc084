//! Loops compiled for several instruction sets, selected at run time.
#![allow(unsafe_code)]

/// Loops and their arguments. `run` and all functions that it calls must be `#[inline(always)]`;
/// otherwise they are compiled without the processor's features.
pub trait Loops {
    /// Runs the loops.
    fn run(self);
}

/// Runs `loops`, compiled for the widest registers of the processor: sixteen `f32` with AVX-512,
/// eight with AVX2. The compiler never fuses products and sums, so the results have the same bits.
#[inline]
pub fn run(loops: impl Loops) {
    #[cfg(target_arch = "x86_64")]
    if !is_portable() {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            // SAFETY: the features were detected.
            return unsafe { with_avx512(loops) };
        }
        if has!("avx2") {
            // SAFETY: the feature was detected.
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

/// Defines a function, generic over [`Element`](crate::Element) `E` and the lifetime `'a`, whose
/// body is executed by [`run`] as [`Loops`].
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

/// Whether this thread runs loops without SIMD dispatch.
pub(crate) fn is_portable() -> bool {
    #[cfg(any(test, feature = "portable"))]
    return PORTABLE.get();
    #[cfg(not(any(test, feature = "portable")))]
    false
}

/// Runs `work` with or without SIMD dispatch.
pub(crate) fn set_portable<R>(_portable: bool, work: impl FnOnce() -> R) -> R {
    #[cfg(any(test, feature = "portable"))]
    let before = PORTABLE.replace(_portable);
    let result = work();
    #[cfg(any(test, feature = "portable"))]
    PORTABLE.set(before);
    result
}

/// Runs `work` without SIMD dispatch. Matrix products are excepted: `gemm` dispatches by itself.
#[cfg(any(test, feature = "portable"))]
pub fn portable<R>(work: impl FnOnce() -> R) -> R {
    set_portable(true, work)
}
