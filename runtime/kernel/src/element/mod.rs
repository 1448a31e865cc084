//! A dtype, and what there is for each: registers, products, pools of buffers.

pub(crate) mod buffer_pool;
pub(crate) mod simd;
pub mod simd_dispatch;
pub(crate) mod thread_buffers;

use std::{cell::RefCell, thread::LocalKey};

use dfdx::shapes::Dtype;

use self::{buffer_pool::BufferPool, simd::WithSimd, thread_buffers::ThreadBuffers};

/// Something that is there for each dtype: what it does is compiled where it is made, and not where the
/// dtype is named.
pub trait ByDtype {
    /// What is there for a dtype.
    type Of<'a, E: Element>
    where
        Self: 'a;
    /// That for `f32`.
    fn on_f32(&self) -> Self::Of<'_, f32>;
    /// That for `f64`.
    fn on_f64(&self) -> Self::Of<'_, f64>;
}

/// A dtype that models compute with: `f32` or `f64`.
pub trait Element:
    Dtype + num_traits::Float + rand_distr::uniform::SampleUniform + std::iter::Sum
{
    /// The nearest value to `number`.
    fn of(number: f64) -> Self;
    /// The value in double precision.
    fn as_f64(self) -> f64;
    /// The error function, which the exact GELU needs.
    fn erf(self) -> Self;
    /// The hyperbolic tangent for loops over many numbers: in `f32` plain arithmetic, which the
    /// compiler does for several at once.
    fn fast_tanh(self) -> Self;
    /// The logistic function 1 / (1 + exp(-x)), like [`fast_tanh`](Element::fast_tanh) for loops.
    fn fast_sigmoid(self) -> Self;
    /// How matrices are multiplied.
    #[doc(hidden)]
    fn product() -> Product<Self>;
    /// Runs loops with the widest registers that the processor has.
    #[doc(hidden)]
    fn with_simd(loops: impl WithSimd<Self>);
    /// The buffers that this thread keeps for the insides of operations. A thread that takes a shard has no
    /// device to ask for one.
    #[doc(hidden)]
    fn thread_buffers() -> &'static LocalKey<ThreadBuffers<Self>>;
    /// The buffers that this thread's run hands on: see [`buffer_pool`].
    #[doc(hidden)]
    fn buffer_pool() -> &'static LocalKey<BufferPool<Self>>;
    /// That of two things which is for this dtype.
    #[doc(hidden)]
    fn of_dtype<T: ByDtype + ?Sized>(both: &T) -> T::Of<'_, Self>;
}

impl Element for f32 {
    fn of(number: f64) -> Self {
        number as f32
    }
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
    fn erf(self) -> Self {
        libm::erff(self)
    }
    #[inline(always)]
    fn fast_tanh(self) -> Self {
        tanh(self)
    }
    #[inline(always)]
    fn fast_sigmoid(self) -> Self {
        0.5 + 0.5 * tanh(0.5 * self)
    }
    fn product() -> Product<f32> {
        gemm_f32::gemm::f32::get_gemm_fn()
    }
    fn with_simd(loops: impl WithSimd<f32>) {
        simd::single(loops);
    }
    fn thread_buffers() -> &'static LocalKey<ThreadBuffers<f32>> {
        thread_local!(static THREAD_BUFFERS: ThreadBuffers<f32> = const { RefCell::new(Vec::new()) });
        &THREAD_BUFFERS
    }
    fn buffer_pool() -> &'static LocalKey<BufferPool<f32>> {
        thread_local!(static BUFFER_POOL: BufferPool<f32> = const { RefCell::new(Vec::new()) });
        &BUFFER_POOL
    }
    fn of_dtype<T: ByDtype + ?Sized>(both: &T) -> T::Of<'_, f32> {
        both.on_f32()
    }
}

impl Element for f64 {
    fn of(number: f64) -> Self {
        number
    }
    fn as_f64(self) -> f64 {
        self
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn fast_tanh(self) -> Self {
        self.tanh()
    }
    fn fast_sigmoid(self) -> Self {
        // The exponential of a number below zero cannot overflow.
        let small = (-self.abs()).exp();
        if self < 0.0 {
            small / (1.0 + small)
        } else {
            1.0 / (1.0 + small)
        }
    }
    fn product() -> Product<f64> {
        gemm_f64::gemm::f64::get_gemm_fn()
    }
    fn with_simd(loops: impl WithSimd<f64>) {
        simd::double(loops);
    }
    fn thread_buffers() -> &'static LocalKey<ThreadBuffers<f64>> {
        thread_local!(static THREAD_BUFFERS: ThreadBuffers<f64> = const { RefCell::new(Vec::new()) });
        &THREAD_BUFFERS
    }
    fn buffer_pool() -> &'static LocalKey<BufferPool<f64>> {
        thread_local!(static BUFFER_POOL: BufferPool<f64> = const { RefCell::new(Vec::new()) });
        &BUFFER_POOL
    }
    fn of_dtype<T: ByDtype + ?Sized>(both: &T) -> T::Of<'_, f64> {
        both.on_f64()
    }
}

/// What the library computes a product with on this processor: sizes, output, left, right, factors.
#[allow(unreachable_pub)] // A trait that everybody may name speaks of it.
pub type Product<E> = unsafe fn(
    usize,
    usize,
    usize,
    *mut E,
    isize,
    isize,
    bool,
    *const E,
    isize,
    isize,
    *const E,
    isize,
    isize,
    E,
    E,
    bool,
    bool,
    bool,
    gemm_common::Parallelism,
);

/// A quotient of polynomials, off by a few units in the last place. Unlike the function of the
/// system it has no branches, so the compiler computes several at once.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Beyond, the function is 1 to the last place. A NaN stays one.
    let x = x.clamp(-9.0, 9.0);
    let square = x * x;
    let mut numerator = -2.760_768_5e-16;
    for coefficient in [
        2.000_188e-13,
        -8.604_672e-11,
        5.122_297e-8,
        1.485_722_4e-5,
        6.372_619_3e-4,
        4.893_524_6e-3,
    ] {
        numerator = numerator * square + coefficient;
    }
    let mut denominator = 1.198_258_4e-6;
    for coefficient in [1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3] {
        denominator = denominator * square + coefficient;
    }
    x * numerator / denominator
}
