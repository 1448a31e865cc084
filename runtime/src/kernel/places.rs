//! Sums over some places of an image, each of which has a weight: what the way back through a
//! pooling comes to. The compiler does not widen this loop reliably, so it is spelled out.
#![allow(unsafe_code)]

/// How many numbers lie side by side without a gap in what is added up.
pub(crate) const LANES: usize = 16;

/// The windows of one filter, each of which hands its slope to one place of the convolution.
#[allow(unreachable_pub)] // A trait that everybody may name speaks of it.
pub struct Places<'a, E> {
    pub(crate) slopes: &'a [E],
    /// Which place of each window.
    pub(crate) marks: &'a [u8],
    pub(crate) columns: usize,
    /// How far apart the first places of neighbouring windows are, down and across.
    pub(crate) steps: [usize; 2],
    /// How far each place of a window is from the first.
    pub(crate) within: &'a [usize; 1 << u8::BITS],
}

/// As many numbers as a register of the processor holds.
trait Register: Copy {
    type Number: Copy;
    const COUNT: usize;

    /// # Safety
    /// The processor has the register; so with all others.
    unsafe fn zero() -> Self;
    unsafe fn of(number: Self::Number) -> Self;
    /// # Safety
    /// There are `COUNT` numbers; so with `add_to`.
    unsafe fn load(from: *const Self::Number) -> Self;
    unsafe fn add_to(self, sums: *mut Self::Number);
    /// `self + a * b`, rounded twice as everywhere else.
    unsafe fn plus(self, a: Self, b: Self) -> Self;
}

/// `sums[lane] += slope * padded[place + offset + lane]` over all windows, for [`LANES`] lanes of
/// every offset.
///
/// # Safety
/// The processor has the register `R`.
#[inline(always)]
unsafe fn add<R: Register>(
    places: &Places<'_, R::Number>,
    padded: &[R::Number],
    offsets: &[usize],
    sums: &mut [R::Number],
) {
    let columns = places.columns.max(1);
    let furthest = (places.slopes.len() / columns).saturating_sub(1) * places.steps[0]
        + (columns - 1) * places.steps[1]
        + places.within.iter().fold(0, |most, within| most.max(*within));
    let reach = offsets.iter().fold(0, |most, offset| most.max(*offset)) + LANES;
    assert!(furthest + reach <= padded.len(), "every window is inside the padded image");
    assert_eq!(sums.len(), offsets.len() * LANES, "every lane has a sum");

    let all = || {
        let starts = offsets.iter().enumerate().map(|(index, offset)| (index * LANES, *offset));
        starts.flat_map(|(sum, offset)| {
            (0..LANES).step_by(R::COUNT).map(move |lane| (sum + lane, offset + lane))
        })
    };
    let mut registers = all().peekable();
    while registers.peek().is_some() {
        // As many at once as leave registers for what is read.
        let mut taken = [(0, 0); 6];
        let count = taken.iter_mut().zip(&mut registers).map(|(to, from)| *to = from).count();
        match count {
            1 => add_some::<R, 1>(places, padded, &taken, sums),
            2 => add_some::<R, 2>(places, padded, &taken, sums),
            3 => add_some::<R, 3>(places, padded, &taken, sums),
            4 => add_some::<R, 4>(places, padded, &taken, sums),
            5 => add_some::<R, 5>(places, padded, &taken, sums),
            _ => add_some::<R, 6>(places, padded, &taken, sums),
        }
    }
}

/// The same for `N` registers, each of which is filled from an offset and added to its sums.
///
/// # Safety
/// The processor has the register; every place and offset stays inside the image.
#[inline(always)]
unsafe fn add_some<R: Register, const N: usize>(
    places: &Places<'_, R::Number>,
    padded: &[R::Number],
    registers: &[(usize, usize); 6],
    sums: &mut [R::Number],
) {
    let columns = places.columns.max(1);
    let mut added = [R::zero(); N];
    let rows = places.slopes.chunks_exact(columns).zip(places.marks.chunks_exact(columns));
    for (row, (slopes, marks)) in rows.enumerate() {
        let mut window = row * places.steps[0];
        for (slope, mark) in slopes.iter().zip(marks) {
            let place = padded.as_ptr().add(window + places.within[usize::from(*mark)]);
            window += places.steps[1];
            let slope = R::of(*slope);
            for n in 0..N {
                added[n] = added[n].plus(slope, R::load(place.add(registers[n].1)));
            }
        }
    }
    for n in 0..N {
        added[n].add_to(sums[registers[n].0..][..R::COUNT].as_mut_ptr());
    }
}

/// Four numbers, which most processors hold in one register.
impl<E: super::Element> Register for [E; 4] {
    type Number = E;
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        [E::zero(); 4]
    }
    #[inline(always)]
    unsafe fn of(number: E) -> Self {
        [number; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const E) -> Self {
        from.cast::<[E; 4]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn add_to(self, sums: *mut E) {
        for (lane, x) in self.into_iter().enumerate() {
            *sums.add(lane) += x;
        }
    }
    #[inline(always)]
    unsafe fn plus(self, a: Self, b: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + a[lane] * b[lane])
    }
}

/// Dispatches to the widest registers of the processor.
macro_rules! add_places {
    ($number:ty, $wide:ty, $less_wide:ty) => {
        /// Adds up with the widest registers that there are. See [`add`].
        pub(in crate::kernel) fn add_places(
            places: &super::Places<'_, $number>,
            padded: &[$number],
            offsets: &[usize],
            sums: &mut [$number],
        ) {
            #[cfg(target_arch = "x86_64")]
            if !super::super::wide::is_portable() {
                #[target_feature(enable = "avx512f")]
                fn wide(
                    places: &super::Places<'_, $number>,
                    padded: &[$number],
                    offsets: &[usize],
                    sums: &mut [$number],
                ) {
                    // SAFETY: the processor has AVX-512, or it would not be here.
                    unsafe { super::add::<$wide>(places, padded, offsets, sums) }
                }
                #[target_feature(enable = "avx2")]
                fn less_wide(
                    places: &super::Places<'_, $number>,
                    padded: &[$number],
                    offsets: &[usize],
                    sums: &mut [$number],
                ) {
                    // SAFETY: the processor has AVX2, or it would not be here.
                    unsafe { super::add::<$less_wide>(places, padded, offsets, sums) }
                }
                if std::arch::is_x86_feature_detected!("avx512f") {
                    // SAFETY: the processor has the feature, as was just asked.
                    return unsafe { wide(places, padded, offsets, sums) };
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has the feature, as was just asked.
                    return unsafe { less_wide(places, padded, offsets, sums) };
                }
            }
            // SAFETY: every processor has plain numbers.
            unsafe { super::add::<[$number; 4]>(places, padded, offsets, sums) }
        }
    };
}

/// In single precision.
pub(super) mod single {
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64::{__m256, __m512};
    add_places!(f32, __m512, __m256);
}

/// In double precision.
pub(super) mod double {
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64::{__m256d, __m512d};
    add_places!(f64, __m512d, __m256d);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Register;

    macro_rules! register {
        (
            $register:ty, $number:ty, $count:literal,
            $zero:ident, $of:ident, $load:ident, $store:ident, $add:ident, $times:ident
        ) => {
            impl Register for $register {
                type Number = $number;
                const COUNT: usize = $count;

                #[inline(always)]
                unsafe fn zero() -> Self {
                    $zero()
                }
                #[inline(always)]
                unsafe fn of(number: $number) -> Self {
                    $of(number)
                }
                #[inline(always)]
                unsafe fn load(from: *const $number) -> Self {
                    $load(from)
                }
                #[inline(always)]
                unsafe fn add_to(self, sums: *mut $number) {
                    $store(sums, $add($load(sums), self));
                }
                #[inline(always)]
                unsafe fn plus(self, a: Self, b: Self) -> Self {
                    $add(self, $times(a, b))
                }
            }
        };
    }

    register!(
        __m512,
        f32,
        16,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_mul_ps
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
        _mm512_mul_pd
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
        _mm256_mul_ps
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
        _mm256_mul_pd
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{wide::portable, Element};

    fn check<E: Element>() {
        let numbers = |len: usize, scale: f64| -> Vec<E> {
            (0..len).map(|i| E::of((i as f64 * scale).sin())).collect()
        };
        let within = std::array::from_fn(|mark| (mark % 6) * 5);
        let (slopes, padded) = (numbers(12, 0.7), numbers(200, 0.3));
        let marks: Vec<u8> = (0..12).map(|i| i * 5 % 6).collect();
        let places =
            Places { slopes: &slopes, marks: &marks, columns: 4, steps: [30, 7], within: &within };
        for count in 1..8 {
            let offsets: Vec<usize> = (0..count).map(|n| n * n).collect();
            let mut expected = numbers(count * LANES, 0.1);
            for (at, sum) in expected.iter_mut().enumerate() {
                for window in 0..12 {
                    let place = window / 4 * 30 + window % 4 * 7 + within[marks[window] as usize];
                    let x = padded[place + offsets[at / LANES] + at % LANES];
                    *sum += slopes[window] * x;
                }
            }
            let run = || {
                let mut sums = numbers(count * LANES, 0.1);
                E::add_places(&places, &padded, &offsets, &mut sums);
                sums
            };
            let (wide, plain) = (run(), portable(run));
            assert_eq!(wide, plain, "the same bits with and without wide registers");
            for (found, expected) in wide.iter().zip(&expected) {
                assert!((found.as_f64() - expected.as_f64()).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_plain_loops() {
        check::<f32>();
        check::<f64>();
    }
}
