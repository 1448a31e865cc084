//! A dtype and its resources: SIMD registers, matrix products, buffer pools.

pub(crate) mod buffer_pool;
pub(crate) mod simd;
pub mod simd_dispatch;
pub(crate) mod thread_buffers;

use std::{cell::RefCell, thread::LocalKey};

use dfdx::shapes::Dtype;

use self::{buffer_pool::BufferPool, simd::WithSimd, thread_buffers::ThreadBuffers};

/// A value for each dtype. The code for a dtype is compiled where this trait is implemented, and
/// not in the crate that names the dtype.
pub trait ByDtype {
    /// The value's type for a dtype.
    type Of<'a, E: Element>
    where
        Self: 'a;
    /// The value for `f32`.
    fn on_f32(&self) -> Self::Of<'_, f32>;
    /// The value for `f64`.
    fn on_f64(&self) -> Self::Of<'_, f64>;
}

/// The dtype of a model: `f32` or `f64`.
pub trait Element:
    Dtype + num_traits::Float + rand_distr::uniform::SampleUniform + std::iter::Sum
{
    /// The nearest value to `number`.
    fn of(number: f64) -> Self;
    /// The value in double precision.
    fn as_f64(self) -> f64;
    /// The error function, for the exact GELU.
    fn erf(self) -> Self;
    /// The hyperbolic tangent, for loops. In `f32` it is branch-free arithmetic, accurate to 4e-7
    /// relative, which the compiler vectorizes.
    fn fast_tanh(self) -> Self;
    /// The logistic function 1 / (1 + exp(-x)), for loops, as [`fast_tanh`](Element::fast_tanh).
    fn fast_sigmoid(self) -> Self;
    /// The bytes of a number in a message or file.
    #[doc(hidden)]
    const BYTES: usize;
    /// Appends numbers to a message, little-endian.
    #[doc(hidden)]
    fn append_bytes(numbers: &[Self], to: &mut Vec<u8>);
    /// Reads as many numbers as both slices have.
    #[doc(hidden)]
    fn read_bytes(bytes: &[u8], to: &mut [Self]);
    /// The matrix product for this processor.
    #[doc(hidden)]
    fn product() -> Product<Self>;
    /// Runs loops with the widest SIMD registers of the processor.
    #[doc(hidden)]
    fn with_simd(loops: impl WithSimd<Self>);
    /// The thread's buffers for temporary values within operations. A thread that runs a shard has
    /// no device that could provide them.
    #[doc(hidden)]
    fn thread_buffers() -> &'static LocalKey<ThreadBuffers<Self>>;
    /// The buffer pool of the thread's run: see [`buffer_pool`].
    #[doc(hidden)]
    fn buffer_pool() -> &'static LocalKey<BufferPool<Self>>;
    /// Selects the value for this dtype.
    #[doc(hidden)]
    fn of_dtype<T: ByDtype + ?Sized>(both: &T) -> T::Of<'_, Self>;
}

/// Numbers as bytes. The loops become copies.
macro_rules! bytes {
    ($number:ty) => {
        const BYTES: usize = size_of::<$number>();
        fn append_bytes(numbers: &[Self], to: &mut Vec<u8>) {
            let start = to.len();
            to.resize(start + Self::BYTES * numbers.len(), 0);
            let bytes = to[start..].as_chunks_mut().0.iter_mut();
            bytes.zip(numbers).for_each(|(bytes, number)| *bytes = number.to_le_bytes());
        }
        fn read_bytes(bytes: &[u8], to: &mut [Self]) {
            let bytes = bytes.as_chunks().0.iter();
            to.iter_mut().zip(bytes).for_each(|(number, bytes)| {
                *number = <$number>::from_le_bytes(*bytes);
            });
        }
    };
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
    bytes!(f32);
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
        // The exponential of a negative number cannot overflow.
        let small = (-self.abs()).exp();
        if self < 0.0 {
            small / (1.0 + small)
        } else {
            1.0 / (1.0 + small)
        }
    }
    bytes!(f64);
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

/// The type of `gemm`'s functions: sizes, output, left and right matrix with strides, factors,
/// flags.
#[allow(unreachable_pub)] // It appears in a public trait.
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

/// A rational approximation, accurate to a few units in the last place. Unlike the system's
/// function it has no branches, so the compiler vectorizes it.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Beyond +-9 the result rounds to +-1. `clamp` keeps NaN.
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
