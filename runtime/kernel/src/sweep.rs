//! Passes over many numbers, spread over the cores.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{element::simd_dispatch::simd_fn, parallel::for_each, ByDtype, Element};

/// How many numbers a core takes at a time, and what one of them costs, in multiplications.
const TOGETHER: usize = 1 << 16;
const COST: usize = 8;

/// Makes every number zero.
pub fn clear<E: Element>(numbers: &mut [E]) {
    let work = numbers.len() * COST;
    for_each(work, numbers.chunks_mut(TOGETHER), |numbers| numbers.fill(E::zero()));
}

/// Whether no number is infinite or a NaN.
pub fn all_finite<E: Element>(numbers: &[E]) -> bool {
    let finite = AtomicBool::new(true);
    for_each(numbers.len() * COST, numbers.chunks(TOGETHER), |numbers| {
        let mut here = true;
        are_finite(numbers, &mut here);
        if !here {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

/// Writes some `rows` of a table of `width` columns, one after the other.
pub fn gather<E: Element>(table: &[f32], width: usize, rows: &[usize], into: &mut [E]) {
    E::of_dtype(&Gather)(table, width, rows, into);
}

/// The same of category indices.
#[inline(never)] // So that it is compiled here.
pub fn gather_indices(table: &[u32], width: usize, rows: &[usize], into: &mut [usize]) {
    let width = width.max(1);
    for (into, row) in into.chunks_exact_mut(width).zip(rows) {
        let from = &table[row * width..][..width];
        into.iter_mut().zip(from).for_each(|(into, &from)| *into = from as usize);
    }
}

/// [`gather`], compiled here for each dtype.
struct Gather;

impl ByDtype for Gather {
    type Of<'a, E: Element> = fn(&[f32], usize, &[usize], &mut [E]);

    #[inline(never)]
    fn on_f32(&self) -> Self::Of<'_, f32> {
        gather_of
    }

    #[inline(never)]
    fn on_f64(&self) -> Self::Of<'_, f64> {
        gather_of
    }
}

fn gather_of<E: Element>(table: &[f32], width: usize, rows: &[usize], into: &mut [E]) {
    let width = width.max(1);
    let together = (TOGETHER / 8).div_ceil(width);
    let pieces = into.chunks_mut(together * width).zip(rows.chunks(together));
    for_each(rows.len() * width * COST, pieces, |(into, rows)| {
        for (into, row) in into.chunks_exact_mut(width).zip(rows) {
            let from = &table[row * width..][..width];
            into.iter_mut().zip(from).for_each(|(into, &from)| *into = E::of(f64::from(from)));
        }
    });
}

simd_fn! {
    /// Zero times any other number is a NaN, which survives every sum. Sixteen sums side by side, so
    /// that the compiler takes several numbers at once.
    fn are_finite(numbers: &'a [E], finite: &'a mut bool) {
        let mut sums = [E::zero(); 16];
        let (chunks, rest) = numbers.as_chunks::<16>();
        for chunk in chunks {
            sums.iter_mut().zip(chunk).for_each(|(sum, number)| *sum += *number * E::zero());
        }
        *finite = sums.iter().chain(rest).all(|number| number.is_finite());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_that_is_not_finite_is_found_wherever_it_is() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in (0..37).chain([TOGETHER, 2 * TOGETHER + 5]) {
                let mut numbers = vec![f32::MAX; place.max(36) + 1];
                assert!(all_finite(&numbers));
                numbers[place] = bad;
                assert!(!all_finite(&numbers), "{place}");
            }
        }
        assert!(all_finite::<f64>(&[]));
    }

    #[test]
    fn every_number_is_cleared() {
        let mut numbers = vec![1f32; 2 * TOGETHER + 5];
        clear(&mut numbers);
        assert!(numbers.iter().all(|number| *number == 0.0));
    }

    #[test]
    fn rows_are_gathered_in_their_order() {
        for width in [1, 3, TOGETHER] {
            let table: Vec<f32> = (0..4 * width).map(|i| i as f32).collect();
            let rows = [2, 0, 3, 2];
            let mut found = vec![0f64; rows.len() * width];
            gather(&table, width, &rows, &mut found);
            let expected = rows.iter().flat_map(|row| &table[row * width..][..width]);
            assert!(found.iter().zip(expected).all(|(found, x)| *found == f64::from(*x)));
        }
    }
}
