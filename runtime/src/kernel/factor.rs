//! Products of a few rows with a matrix that is used again and again. The library's products are
//! for large matrices; what it prepares for one takes longer than a few rows do.

use super::{
    matmul::{multiply, Add, Matrix},
    wide::wide_fn,
    Element,
};

/// Up to how many rows the loops here are the faster ones.
const FEW: usize = 4;

/// How many sums are computed together.
const TOGETHER: usize = 32;

/// A matrix `[outputs, inputs]` that rows of inputs are multiplied with, time after time.
pub(crate) struct Factor<'a, E> {
    matrix: &'a [E],
    inputs: usize,
    /// `[inputs, outputs]`, for few rows.
    turned: Option<Vec<E>>,
}

impl<'a, E: Element> Factor<'a, E> {
    /// For so many rows at a time.
    pub(crate) fn new(matrix: &'a [E], inputs: usize, rows: usize) -> Self {
        let outputs = matrix.len() / inputs.max(1);
        let turned = (rows <= FEW).then(|| {
            let column = |input: usize| matrix[input..].iter().step_by(inputs).take(outputs);
            (0..inputs).flat_map(column).copied().collect()
        });
        Factor { matrix, inputs, turned }
    }

    /// `sums += rows matrix^T`.
    pub(crate) fn add_to(&self, rows: &[E], sums: &mut [E]) {
        let (inputs, outputs) = (self.inputs, self.matrix.len() / self.inputs.max(1));
        let Some(turned) = &self.turned else {
            let rows = Matrix::new(rows, rows.len() / inputs.max(1), inputs);
            let matrix = Matrix::new(self.matrix, outputs, inputs);
            return multiply(rows, matrix.transposed(), sums, Add::ToOutput);
        };
        let rows = rows.chunks_exact(inputs.max(1));
        for (row, sums) in rows.zip(sums.chunks_exact_mut(outputs.max(1))) {
            add_row(row, turned, sums);
        }
    }
}

wide_fn! {
    /// `sums += row turned`.
    fn add_row(row: &'a [E], turned: &'a [E], sums: &'a mut [E]) {
        let whole = sums.len() - sums.len() % TOGETHER;
        for at in (0..whole).step_by(TOGETHER) {
            add_some::<E, TOGETHER>(row, turned, at, sums);
        }
        for at in whole..sums.len() {
            add_some::<E, 1>(row, turned, at, sums);
        }
    }
}

/// The same for `N` of the sums.
#[inline(always)]
fn add_some<E: Element, const N: usize>(row: &[E], turned: &[E], at: usize, sums: &mut [E]) {
    let mut added = [E::zero(); N];
    for (x, weights) in row.iter().zip(turned.chunks_exact(sums.len())) {
        let weights = &weights[at..at + N];
        for n in 0..N {
            added[n] += *x * weights[n];
        }
    }
    sums[at..at + N].iter_mut().zip(added).for_each(|(sum, added)| *sum += added);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wide::portable;

    #[test]
    fn few_rows_and_many_have_the_same_products() {
        for (inputs, outputs) in [(1, 1), (3, 40), (32, 128), (5, 33)] {
            let numbers = |len: usize| -> Vec<f64> { (0..len).map(|i| (i % 11) as f64).collect() };
            let (matrix, rows) = (numbers(inputs * outputs), numbers(2 * inputs));
            let run = |rows_at_a_time: usize| {
                let mut sums = numbers(2 * outputs);
                Factor::new(&matrix, inputs, rows_at_a_time).add_to(&rows, &mut sums);
                sums
            };
            let few = run(2);
            assert_eq!(few, run(FEW + 1), "these numbers have no rounding");
            assert_eq!(few, portable(|| run(2)));
        }
    }

    #[test]
    fn there_may_be_nothing_to_multiply() {
        let mut sums = [1.0f64; 2];
        Factor::new(&[], 0, 1).add_to(&[], &mut sums);
        assert_eq!(sums, [1.0; 2]);
    }
}
