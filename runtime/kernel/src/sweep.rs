//! Parallel passes over long slices.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{element::simd_dispatch::simd_fn, parallel::for_each, ByDtype, Element};

/// Elements per shard, and cost of an element in multiplications.
const SHARD_LEN: usize = 1 << 16;
const COST: usize = 8;

/// Sets every element to zero.
pub fn clear<E: Element>(numbers: &mut [E]) {
    let work = numbers.len() * COST;
    for_each(work, numbers.chunks_mut(SHARD_LEN), |numbers| numbers.fill(E::zero()));
}

/// Whether every element is finite.
pub fn all_finite<E: Element>(numbers: &[E]) -> bool {
    let finite = AtomicBool::new(true);
    for_each(numbers.len() * COST, numbers.chunks(SHARD_LEN), |numbers| {
        let mut here = true;
        are_finite(numbers, &mut here);
        if !here {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

/// Gathers `rows` of a table `[_, width]`. `numpy.take`; `torch.index_select`.
pub fn gather<E: Element>(table: &[f32], width: usize, rows: &[usize], output: &mut [E]) {
    E::of_dtype(&Gather)(table, width, rows, output);
}

/// [`gather`] for category indices.
#[inline(never)] // Compiled in this crate.
pub fn gather_indices(table: &[u32], width: usize, rows: &[usize], output: &mut [usize]) {
    let width = width.max(1);
    for (output, row) in output.chunks_exact_mut(width).zip(rows) {
        let from = &table[row * width..][..width];
        output.iter_mut().zip(from).for_each(|(output, &from)| *output = from as usize);
    }
}

/// [`gather`], compiled in this crate for each dtype.
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

fn gather_of<E: Element>(table: &[f32], width: usize, rows: &[usize], output: &mut [E]) {
    let width = width.max(1);
    let rows_per_shard = (SHARD_LEN / 8).div_ceil(width);
    let shards = output.chunks_mut(rows_per_shard * width).zip(rows.chunks(rows_per_shard));
    for_each(rows.len() * width * COST, shards, |(output, rows)| {
        for (output, row) in output.chunks_exact_mut(width).zip(rows) {
            let from = &table[row * width..][..width];
            output
                .iter_mut()
                .zip(from)
                .for_each(|(output, &from)| *output = E::of(f64::from(from)));
        }
    });
}

simd_fn! {
    /// Sets `finite` unless an element is infinite or NaN: zero times such an element is NaN, and
    /// NaN survives every sum. Sixteen independent sums, for vectorization.
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
            for position in (0..37).chain([SHARD_LEN, 2 * SHARD_LEN + 5]) {
                let mut numbers = vec![f32::MAX; position.max(36) + 1];
                assert!(all_finite(&numbers));
                numbers[position] = bad;
                assert!(!all_finite(&numbers), "{position}");
            }
        }
        assert!(all_finite::<f64>(&[]));
    }

    #[test]
    fn every_number_is_cleared() {
        let mut numbers = vec![1f32; 2 * SHARD_LEN + 5];
        clear(&mut numbers);
        assert!(numbers.iter().all(|number| *number == 0.0));
    }

    #[test]
    fn rows_are_gathered_in_their_order() {
        for width in [1, 3, SHARD_LEN] {
            let table: Vec<f32> = (0..4 * width).map(|i| i as f32).collect();
            let rows = [2, 0, 3, 2];
            let mut found = vec![0f64; rows.len() * width];
            gather(&table, width, &rows, &mut found);
            let expected = rows.iter().flat_map(|row| &table[row * width..][..width]);
            assert!(found.iter().zip(expected).all(|(found, x)| *found == f64::from(*x)));
        }
    }
}
