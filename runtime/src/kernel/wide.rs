//! Loops compiled for the processor at hand.
#![allow(unsafe_code)]

/// Runs `work` with the compiler free to use eight `f32` at once where the processor can. The
/// arithmetic stays the same, operation by operation, and so do the bits.
#[inline]
pub(super) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the feature, as was just asked.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
