//! Products of matrices that lie in slices, row by row.
#![allow(unsafe_code)]

use super::Element;

/// A matrix in a slice, as it lies or transposed.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, E> {
    elements: &'a [E],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, E> Matrix<'a, E> {
    /// `elements` as `rows` rows of `columns` elements each.
    pub(crate) fn new(elements: &'a [E], rows: usize, columns: usize) -> Self {
        assert_eq!(elements.len(), rows * columns, "a matrix has rows * columns elements");
        Matrix { elements, rows, columns, transposed: false }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Matrix { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// The distance between neighbours in a row and in a column.
    fn strides(&self) -> (isize, isize) {
        if self.transposed {
            (self.rows as isize, 1)
        } else {
            (1, self.columns as isize)
        }
    }
}

/// `output = left * right`, or `output += left * right` where `add` says so. The order of summation
/// depends on the sizes alone, so equal inputs give equal bits.
pub(crate) fn multiply<E: Element>(
    left: Matrix<'_, E>,
    right: Matrix<'_, E>,
    output: &mut [E],
    add: Add,
) {
    assert_eq!(left.columns, right.rows, "the inner sizes of a product are equal");
    assert_eq!(output.len(), left.rows * right.columns, "the output has a place for each element");
    if output.is_empty() {
        return;
    }
    let (left_across, left_down) = left.strides();
    let (right_across, right_down) = right.strides();
    // SAFETY: the pointers come from slices, the assertions above and in `Matrix::new` bound every
    // element that the sizes and strides can name, and `output`, borrowed mutably, overlaps
    // neither input.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            output.as_mut_ptr(),
            1,
            right.columns as isize,
            matches!(add, Add::ToOutput),
            left.elements.as_ptr(),
            left_across,
            left_down,
            right.elements.as_ptr(),
            right_across,
            right_down,
            E::one(),
            E::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Whether a product replaces what the output held or adds to it.
#[derive(Clone, Copy)]
pub(crate) enum Add {
    /// The product alone.
    Replace,
    /// What was there, and the product.
    ToOutput,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(left: Matrix<'_, f64>, right: Matrix<'_, f64>) -> Vec<f64> {
        let at = |m: &Matrix<'_, f64>, row: usize, column: usize| {
            let (across, down) = m.strides();
            m.elements[row * down as usize + column * across as usize]
        };
        let mut output = Vec::new();
        for row in 0..left.rows {
            for column in 0..right.columns {
                output.push(
                    (0..left.columns).map(|k| at(&left, row, k) * at(&right, k, column)).sum(),
                );
            }
        }
        output
    }

    #[test]
    fn products_of_all_sizes_and_orientations_equal_the_plain_loops() {
        for (m, k, n) in [(1, 1, 1), (2, 3, 4), (7, 5, 3), (33, 17, 9), (4, 0, 3)] {
            let a: Vec<f64> = (0..m * k).map(|i| (i % 7) as f64 - 3.0).collect();
            let b: Vec<f64> = (0..k * n).map(|i| (i % 5) as f64 - 2.0).collect();
            let pairs = [
                (Matrix::new(&a, m, k), Matrix::new(&b, k, n)),
                (Matrix::new(&a, k, m).transposed(), Matrix::new(&b, k, n)),
                (Matrix::new(&a, m, k), Matrix::new(&b, n, k).transposed()),
                (Matrix::new(&a, k, m).transposed(), Matrix::new(&b, n, k).transposed()),
            ];
            for (left, right) in pairs {
                let mut output = vec![1.0; m * n];
                multiply(left, right, &mut output, Add::Replace);
                assert_eq!(output, naive(left, right));
                multiply(left, right, &mut output, Add::ToOutput);
                let twice: Vec<f64> = naive(left, right).iter().map(|x| 2.0 * x).collect();
                assert_eq!(output, twice);
            }
        }
    }
}
