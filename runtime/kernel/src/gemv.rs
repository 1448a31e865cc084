//! Products of a few rows with a matrix that is used repeatedly, as in recurrent layers. `gemm` is
//! made for large matrices; its preparation takes longer than the product of a few rows.
#![allow(unsafe_code)]

use super::{
    element::simd::{Simd, WithSimd},
    matmul::{multiply, Add, Matrix},
    Element,
};

/// Maximum of rows for which these loops are faster than `gemm`.
const MAX_ROWS: usize = 4;

/// A matrix `[outputs, inputs]` to be multiplied repeatedly by rows of inputs.
pub struct Gemv<'a, E> {
    matrix: &'a [E],
    inputs: usize,
    /// `[inputs, outputs]`, for few rows.
    transposed_copy: Option<Vec<E>>,
}

impl<'a, E: Element> Gemv<'a, E> {
    /// `rows` is the number of rows per product.
    pub fn new(matrix: &'a [E], inputs: usize, rows: usize) -> Self {
        let outputs = matrix.len() / inputs.max(1);
        let transposed_copy = (rows <= MAX_ROWS).then(|| {
            let mut transposed_copy = vec![E::zero(); matrix.len()];
            for (output, row) in matrix.chunks_exact(inputs.max(1)).enumerate() {
                for (input, weight) in row.iter().enumerate() {
                    transposed_copy[input * outputs + output] = *weight;
                }
            }
            transposed_copy
        });
        Gemv { matrix, inputs, transposed_copy }
    }

    /// `sums += rows matrix^T`, with rows `[rows, inputs]` and sums `[rows, outputs]`.
    pub fn add_to(&self, rows: &[E], sums: &mut [E]) {
        let (inputs, outputs) = (self.inputs, self.matrix.len() / self.inputs.max(1));
        let Some(transposed_copy) = &self.transposed_copy else {
            let rows = Matrix::new(rows, rows.len() / inputs.max(1), inputs);
            let matrix = Matrix::new(self.matrix, outputs, inputs);
            return multiply(rows, matrix.transposed(), sums, Add::ToOutput);
        };
        let rows = rows.chunks_exact(inputs.max(1));
        for (row, sums) in rows.zip(sums.chunks_exact_mut(outputs.max(1))) {
            E::with_simd(AddRow { row, transposed_copy, sums });
        }
    }
}

/// `sums += row transposed_copy`.
struct AddRow<'a, E> {
    row: &'a [E],
    transposed_copy: &'a [E],
    sums: &'a mut [E],
}

impl<E: Element> WithSimd<E> for AddRow<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(mut self) {
        assert!(
            self.row.len() * self.sums.len() <= self.transposed_copy.len(),
            "every number has weights"
        );
        let mut at = 0;
        // Eight independent sums hide the latency of an addition.
        while at + 8 * R::LANES <= self.sums.len() {
            self.add::<R, 8>(at);
            at += 8 * R::LANES;
        }
        while at + R::LANES <= self.sums.len() {
            self.add::<R, 1>(at);
            at += R::LANES;
        }
        for at in at..self.sums.len() {
            let weights = self.transposed_copy[at..].iter().step_by(self.sums.len());
            let products = self.row.iter().zip(weights).map(|(x, weight)| *x * *weight);
            self.sums[at] += products.sum();
        }
    }
}

impl<E: Element> AddRow<'_, E> {
    /// Computes `N` registers of sums, starting at `at`.
    ///
    /// # Safety
    /// The processor supports the register, and the sums and their weights are in bounds.
    #[inline(always)]
    unsafe fn add<R: Simd<Number = E>, const N: usize>(&mut self, at: usize) {
        let mut added = [R::zero(); N];
        let mut weights = self.transposed_copy.as_ptr().add(at);
        for x in self.row {
            let x = R::splat(*x);
            for (n, added) in added.iter_mut().enumerate() {
                *added = added.mul_add(x, R::load(weights.add(n * R::LANES)));
            }
            weights = weights.wrapping_add(self.sums.len());
        }
        for (n, added) in added.into_iter().enumerate() {
            let sums = self.sums.as_mut_ptr().add(at + n * R::LANES);
            R::load(sums).add(added).store(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd_dispatch::portable;

    #[test]
    fn few_rows_and_many_have_the_same_products() {
        for (inputs, outputs) in [(1, 1), (3, 40), (32, 128), (5, 33), (2, 150)] {
            let numbers = |len: usize| -> Vec<f64> { (0..len).map(|i| (i % 11) as f64).collect() };
            let (matrix, rows) = (numbers(inputs * outputs), numbers(2 * inputs));
            let run = |rows_at_a_time: usize| {
                let mut sums = numbers(2 * outputs);
                Gemv::new(&matrix, inputs, rows_at_a_time).add_to(&rows, &mut sums);
                sums
            };
            let few = run(2);
            assert_eq!(few, run(MAX_ROWS + 1), "these numbers have no rounding");
            assert_eq!(few, portable(|| run(2)));
        }
    }

    #[test]
    fn there_may_be_nothing_to_multiply() {
        let mut sums = [1.0f64; 2];
        Gemv::new(&[], 0, 1).add_to(&[], &mut sums);
        assert_eq!(sums, [1.0; 2]);
    }
}
