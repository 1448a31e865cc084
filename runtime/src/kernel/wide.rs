//! Loops compiled for the processor at hand.
#![allow(unsafe_code)]

/// Runs `work` with the compiler free to use the widest registers that the processor has: sixteen
/// `f32` at once with AVX-512, eight with AVX2. The arithmetic stays the same, operation by
/// operation, and so do the bits.
///
/// What `work` calls must be inlined into it, or it is compiled as ever.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if !is_portable() {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            // SAFETY: the processor has the features, as was just asked.
            return unsafe { with_avx512(work) };
        }
        if has!("avx2") {
            // SAFETY: the processor has the feature, as was just asked.
            return unsafe { with_avx2(work) };
        }
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
thread_local! {
    static PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether this thread keeps to what every processor has.
pub(super) fn is_portable() -> bool {
    #[cfg(test)]
    return PORTABLE.get();
    #[cfg(not(test))]
    false
}

/// Runs `work` so, or not.
pub(super) fn set_portable<R>(_portable: bool, work: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    let before = PORTABLE.replace(_portable);
    let result = work();
    #[cfg(test)]
    PORTABLE.set(before);
    result
}

/// Runs `work` as on a processor without wide registers, matrix products excepted: those come from
/// a library, which chooses for itself.
#[cfg(test)]
pub(crate) fn portable<R>(work: impl FnOnce() -> R) -> R {
    set_portable(true, work)
}
