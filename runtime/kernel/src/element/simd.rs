//! SIMD registers, for loops that the compiler does not vectorize reliably.
#![allow(unsafe_code)]

/// A SIMD register.
pub trait Simd: Copy {
    type Number: super::Element;
    const LANES: usize;

    /// # Safety
    /// The processor supports the register. This holds for all functions of the trait.
    unsafe fn zero() -> Self;
    unsafe fn splat(number: Self::Number) -> Self;
    /// # Safety
    /// The pointer is valid for `LANES` elements. This holds for `store` as well.
    unsafe fn load(from: *const Self::Number) -> Self;
    unsafe fn store(self, to: *mut Self::Number);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self + a * b`, with one rounding where the processor has a fused instruction.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
    /// The maximum of each lane, and a mask with the bits of the lanes (lane 0 lowest) that come
    /// from `other`. Equal lanes come from `self`; NaN counts as larger than any number.
    unsafe fn max(self, other: Self) -> (Self, u16);
}

/// Loops over one dtype, generic over the register. `run` and all functions that it calls must be
/// `#[inline(always)]`; otherwise they are compiled without the processor's features.
#[allow(unreachable_pub)] // It appears in a public trait.
pub trait WithSimd<E> {
    /// # Safety
    /// The processor supports the register.
    #[allow(private_bounds)]
    unsafe fn run<R: Simd<Number = E>>(self);
}

/// Four lanes without intrinsics, for any processor.
impl<E: super::Element> Simd for [E; 4] {
    type Number = E;
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        [E::zero(); 4]
    }
    #[inline(always)]
    unsafe fn splat(number: E) -> Self {
        [number; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const E) -> Self {
        from.cast::<[E; 4]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut E) {
        to.cast::<[E; 4]>().write_unaligned(self);
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] - other[lane])
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }
    #[inline(always)]
    unsafe fn mul_add(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> (Self, u16) {
        let (mut largest, mut others) = (self, 0);
        for lane in 0..4 {
            if other[lane] > self[lane] || other[lane].is_nan() {
                largest[lane] = other[lane];
                others |= 1 << lane;
            }
        }
        (largest, others)
    }
}

/// Defines a function that runs loops over `$number` with the widest registers of the processor.
macro_rules! dispatch {
    ($name:ident, $number:ty, $avx512:ty, $avx2:ty) => {
        pub(crate) fn $name(loops: impl WithSimd<$number>) {
            #[cfg(target_arch = "x86_64")]
            if !super::simd_dispatch::is_portable() {
                use std::arch::is_x86_feature_detected as has;

                #[target_feature(enable = "avx512f")]
                fn avx512(loops: impl WithSimd<$number>) {
                    // SAFETY: this function is called only on processors with AVX-512.
                    unsafe { loops.run::<$avx512>() }
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2(loops: impl WithSimd<$number>) {
                    // SAFETY: this function is called only on processors with AVX2 and FMA.
                    unsafe { loops.run::<$avx2>() }
                }
                if has!("avx512f") {
                    // SAFETY: the feature was detected.
                    return unsafe { avx512(loops) };
                }
                if has!("avx2") && has!("fma") {
                    // SAFETY: the features were detected.
                    return unsafe { avx2(loops) };
                }
            }
            // SAFETY: an array needs no features.
            unsafe { loops.run::<[$number; 4]>() }
        }
    };
}

dispatch!(single, f32, std::arch::x86_64::__m512, std::arch::x86_64::__m256);
dispatch!(double, f64, std::arch::x86_64::__m512d, std::arch::x86_64::__m256d);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Simd;

    macro_rules! register {
        (
            $register:ty, $number:ty, $count:literal,
            $zero:ident, $splat:ident, $load:ident, $store:ident,
            $add:ident, $sub:ident, $mul:ident, $fused:ident, $max:ident
        ) => {
            impl Simd for $register {
                type Number = $number;
                const LANES: usize = $count;

                #[inline(always)]
                unsafe fn zero() -> Self {
                    $zero()
                }
                #[inline(always)]
                unsafe fn splat(number: $number) -> Self {
                    $splat(number)
                }
                #[inline(always)]
                unsafe fn load(from: *const $number) -> Self {
                    $load(from)
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $number) {
                    $store(to, self);
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    $add(self, other)
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    $sub(self, other)
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    $mul(self, other)
                }
                #[inline(always)]
                unsafe fn mul_add(self, a: Self, b: Self) -> Self {
                    $fused(a, b, self)
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> (Self, u16) {
                    $max!(self, other)
                }
            }
        };
    }

    macro_rules! max {
        // Comparisons return a mask register (AVX-512).
        (masked $name:ident, $compare:ident, $blend:ident) => {
            macro_rules! $name {
                ($self:ident, $other:ident) => {{
                    let max = $compare::<_CMP_GT_OQ>($other, $self);
                    let others = max | $compare::<_CMP_UNORD_Q>($other, $other);
                    ($blend(others, $self, $other), others.into())
                }};
            }
        };
        // Comparisons return a vector (AVX2).
        (vector $name:ident, $compare:ident, $or:ident, $blend:ident, $bits:ident) => {
            macro_rules! $name {
                ($self:ident, $other:ident) => {{
                    let max = $compare::<_CMP_GT_OQ>($other, $self);
                    let others = $or(max, $compare::<_CMP_UNORD_Q>($other, $other));
                    ($blend($self, $other, others), $bits(others) as u16)
                }};
            }
        };
    }
    max!(masked larger_512, _mm512_cmp_ps_mask, _mm512_mask_blend_ps);
    max!(masked larger_512d, _mm512_cmp_pd_mask, _mm512_mask_blend_pd);
    max!(vector larger_256, _mm256_cmp_ps, _mm256_or_ps, _mm256_blendv_ps, _mm256_movemask_ps);
    max!(vector larger_256d, _mm256_cmp_pd, _mm256_or_pd, _mm256_blendv_pd, _mm256_movemask_pd);

    register!(
        __m512,
        f32,
        16,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        larger_512
    );
    register!(
        __m512d,
        f64,
        8,
        _mm512_setzero_pd,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        _mm512_fmadd_pd,
        larger_512d
    );
    register!(
        __m256,
        f32,
        8,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        larger_256
    );
    register!(
        __m256d,
        f64,
        4,
        _mm256_setzero_pd,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        _mm256_fmadd_pd,
        larger_256d
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{simd_dispatch::portable, Element};

    /// Compares every operation on sixteen pairs with scalar arithmetic.
    struct Check<E>(Vec<E>, Vec<E>);

    impl<E: Element> WithSimd<E> for Check<E> {
        unsafe fn run<R: Simd<Number = E>>(self) {
            for first in (0..16).step_by(R::LANES) {
                let [a, b] = [&self.0, &self.1].map(|numbers| &numbers[first..first + R::LANES]);
                let (x, y) = (R::load(a.as_ptr()), R::load(b.as_ptr()));
                let check = |found: R, expected: fn(E, E) -> E| {
                    let mut numbers = vec![E::zero(); R::LANES];
                    found.store(numbers.as_mut_ptr());
                    for ((found, a), b) in numbers.into_iter().zip(a).zip(b) {
                        let expected = expected(*a, *b);
                        assert!(found == expected || found.is_nan() && expected.is_nan());
                    }
                };
                check(x.add(y), |a, b| a + b);
                check(x.sub(y), |a, b| a - b);
                check(x.mul(y), |a, b| a * b);
                // Small integers: the result does not depend on fused rounding.
                check(R::splat(E::one()).mul_add(x, y), |a, b| E::one() + a * b);
                check(R::zero(), |_, _| E::zero());
                let is_other = |a: E, b: E| b > a || b.is_nan();
                let (max, others) = x.max(y);
                check(max, |a, b| if b > a || b.is_nan() { b } else { a });
                for lane in 0..R::LANES {
                    assert_eq!(others >> lane & 1 == 1, is_other(a[lane], b[lane]));
                }
                assert_eq!(u32::from(others) >> R::LANES, 0);
            }
        }
    }

    fn check<E: Element>() {
        let mut a: Vec<E> = (0..16).map(|i| E::of(f64::from(i % 5 - 2))).collect();
        let mut b: Vec<E> = (0..16).map(|i| E::of(f64::from(i % 7 - 3))).collect();
        (a[3], b[6], a[9], b[9]) = (E::nan(), E::nan(), E::nan(), E::nan());
        (a[1], b[2]) = (E::infinity(), E::neg_infinity());
        let run = || E::with_simd(Check(a.clone(), b.clone()));
        run();
        portable(run);
    }

    #[test]
    fn every_register_computes_what_single_numbers_do() {
        check::<f32>();
        check::<f64>();
    }
}
