//! Matrix products on slices.
#![allow(unsafe_code)]

use std::ops::Range;

use super::{element::thread_buffers::with_buffer, parallel, Element};

/// A matrix in a slice, with arbitrary strides, so that a transposed matrix shares its elements.
#[derive(Clone, Copy)]
pub struct Matrix<'a, E> {
    elements: &'a [E],
    rows: usize,
    columns: usize,
    /// Distance between adjacent rows and between adjacent columns.
    row_stride: usize,
    column_stride: usize,
}

impl<'a, E> Matrix<'a, E> {
    /// A row-major matrix of `rows` rows and `columns` columns.
    ///
    /// # Panics
    /// Where `elements` has another length than `rows * columns`.
    pub fn new(elements: &'a [E], rows: usize, columns: usize) -> Self {
        assert_eq!(elements.len(), rows * columns, "a matrix has rows * columns elements");
        Matrix { elements, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// A matrix with the strides `[row, column]`.
    pub(crate) fn strided(
        elements: &'a [E],
        [rows, columns]: [usize; 2],
        [row_stride, column_stride]: [usize; 2],
    ) -> Self {
        assert!(
            fits(elements.len(), [rows, columns], [row_stride, column_stride]),
            "a matrix is in its slice"
        );
        Matrix { elements, rows, columns, row_stride, column_stride }
    }

    /// The transposed matrix, without a copy.
    pub fn transposed(self) -> Self {
        let Matrix { elements, rows, columns, row_stride, column_stride } = self;
        Matrix {
            elements,
            rows: columns,
            columns: rows,
            row_stride: column_stride,
            column_stride: row_stride,
        }
    }

    /// A range of columns.
    pub fn columns(self, columns: Range<usize>) -> Self {
        let rows = 0..self.rows;
        self.submatrix(rows, columns)
    }

    /// A range of rows and columns.
    fn submatrix(self, rows: Range<usize>, columns: Range<usize>) -> Self {
        let first = rows.start * self.row_stride + columns.start * self.column_stride;
        let elements = self.elements.get(first..).unwrap_or_default();
        Matrix { elements, rows: rows.len(), columns: columns.len(), ..self }
    }
}

/// Whether the last element of a matrix is within a slice of length `len`.
fn fits(len: usize, [rows, columns]: [usize; 2], [row_stride, column_stride]: [usize; 2]) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_stride + (columns - 1) * column_stride < len
}

/// Whether a product replaces the output or is added to it.
#[derive(Clone, Copy)]
pub enum Add {
    /// `output = left * right`.
    Replace,
    /// `output += left * right`.
    ToOutput,
}

/// `output = left * right` or `output += left * right`, with a row-major output; parallel for large
/// products. The order of summation depends only on the sizes, so equal inputs give equal bits.
/// `numpy.matmul`; `torch.matmul`.
///
/// # Panics
/// Where the sizes do not fit.
pub fn multiply<E: Element>(left: Matrix<'_, E>, right: Matrix<'_, E>, output: &mut [E], add: Add) {
    let (rows, columns) = (left.rows, right.columns);
    assert_eq!(output.len(), rows * columns, "the output has a place for each element");
    multiply_into(left, right, output, [columns, 1], add);
}

/// [`multiply`] into an output with the strides `[row, column]`.
///
/// # Panics
/// Where the sizes do not fit, or two elements of the output overlap.
pub fn multiply_into<E: Element>(
    left: Matrix<'_, E>,
    right: Matrix<'_, E>,
    output: &mut [E],
    [row_stride, column_stride]: [usize; 2],
    add: Add,
) {
    let (rows, columns, inner) = (left.rows, right.columns, left.columns);
    assert_eq!(inner, right.rows, "the inner sizes of a product are equal");
    assert!(
        fits(output.len(), [rows, columns], [row_stride, column_stride]),
        "the output is in its slice"
    );
    assert!(
        row_stride >= columns * column_stride
            || column_stride >= rows * row_stride
            || rows < 2
            || columns < 2,
        "no two elements of the output are one"
    );
    if rows == 0 || columns == 0 {
        return;
    }
    let work = work([rows, inner, columns]);
    let shards = (work / MIN_SHARD_WORK).clamp(1, MAX_SHARDS);
    if shards > 1 && rows.max(columns) <= inner / SPLIT_RATIO {
        return split_inner(left, right, inner.div_ceil(shards), |row, column, sum| {
            let output = &mut output[row * row_stride + column * column_stride];
            *output = if matches!(add, Add::ToOutput) { *output + sum } else { sum };
        });
    }
    let output = Output { first: output.as_mut_ptr(), row_stride, column_stride };
    if columns >= rows {
        let width = columns.div_ceil(shards).next_multiple_of(COLUMN_BLOCK);
        parallel::for_each(work, (0..columns).step_by(width), |start| {
            let block = start..(start + width).min(columns);
            product(left, right.submatrix(0..inner, block), output.at(0, start), add);
        });
    } else {
        let height = rows.div_ceil(shards).next_multiple_of(ROW_BLOCK);
        parallel::for_each(work, (0..rows).step_by(height), |start| {
            let block = start..(start + height).min(rows);
            product(left.submatrix(block, 0..inner), right, output.at(start, 0), add);
        });
    }
}

/// The cost of a product in multiplications: with little reuse, loading a number costs more than
/// its multiplications.
fn work([rows, inner, columns]: [usize; 3]) -> usize {
    let numbers = rows.saturating_mul(inner).saturating_add(inner.saturating_mul(columns));
    let products = rows.saturating_mul(columns).saturating_mul(inner);
    products.max(numbers.saturating_mul(LOAD_COST))
}

/// Cost of loading a number, in multiplications.
const LOAD_COST: usize = 8;

/// Minimum of multiplications per shard, and maximum of shards.
const MIN_SHARD_WORK: usize = 1 << 19;
const MAX_SHARDS: usize = 16;
/// The inner size is split where it is this many times larger than both sides of the output.
const SPLIT_RATIO: usize = 64;
/// Shards are multiples of the block sizes of `gemm`'s microkernel.
const COLUMN_BLOCK: usize = 96;
const ROW_BLOCK: usize = 16;

/// Splits the inner size into ranges and adds up their products in order.
fn split_inner<E: Element>(
    left: Matrix<'_, E>,
    right: Matrix<'_, E>,
    width: usize,
    mut each: impl FnMut(usize, usize, E),
) {
    let (rows, columns, inner) = (left.rows, right.columns, left.columns);
    let len = rows * columns;
    with_buffer(inner.div_ceil(width) * len, |sums| {
        let shards = (0..inner).step_by(width).zip(sums.chunks_exact_mut(len));
        parallel::for_each(work([rows, inner, columns]), shards, |(start, sums)| {
            let block = start..(start + width).min(inner);
            let (left, right) =
                (left.submatrix(0..rows, block.clone()), right.submatrix(block, 0..columns));
            let sums = Output { first: sums.as_mut_ptr(), row_stride: columns, column_stride: 1 };
            product(left, right, sums, Add::Replace);
        });
        for at in 0..len {
            let sum = sums[at..].iter().step_by(len).copied().sum();
            each(at / columns, at % columns, sum);
        }
    });
}

/// Pointer and strides of an output. Threads share it because they write disjoint blocks.
struct Output<E> {
    first: *mut E,
    row_stride: usize,
    column_stride: usize,
}

impl<E> Clone for Output<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Output<E> {}

// SAFETY: `Output` stands for a mutable borrow, of which `multiply_into` gives each thread another
// block.
unsafe impl<E: Send> Send for Output<E> {}
// SAFETY: as above; no thread reads through a shared reference.
unsafe impl<E: Send> Sync for Output<E> {}

impl<E> Output<E> {
    /// The output from a row and column on.
    fn at(self, row: usize, column: usize) -> Output<E> {
        Output {
            first: self.first.wrapping_add(row * self.row_stride + column * self.column_stride),
            ..self
        }
    }
}

/// One product on this thread. The caller guarantees that all elements of `output` are in bounds.
fn product<E: Element>(left: Matrix<'_, E>, right: Matrix<'_, E>, output: Output<E>, add: Add) {
    assert!(fits(
        left.elements.len(),
        [left.rows, left.columns],
        [left.row_stride, left.column_stride]
    ));
    assert!(fits(
        right.elements.len(),
        [right.rows, right.columns],
        [right.row_stride, right.column_stride]
    ));
    assert_eq!(left.columns, right.rows);
    // `gemm` prefers a column-major output; a row-major product is computed as its transpose.
    let (left, right, output) = match output.row_stride > output.column_stride {
        true => (
            right.transposed(),
            left.transposed(),
            Output { row_stride: output.column_stride, column_stride: output.row_stride, ..output },
        ),
        false => (left, right, output),
    };
    // SAFETY: both matrices are in bounds, as asserted above. The callers guarantee that `output`
    // is in bounds, that its elements do not overlap, and that no other thread uses them: it comes
    // from a mutable borrow, so it overlaps neither input.
    unsafe {
        E::product()(
            left.rows,
            right.columns,
            left.columns,
            output.first,
            output.column_stride as isize,
            output.row_stride as isize,
            matches!(add, Add::ToOutput),
            left.elements.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.elements.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            E::one(),
            E::one(),
            false,
            false,
            false,
            gemm_common::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(left: Matrix<'_, f64>, right: Matrix<'_, f64>) -> Vec<f64> {
        let at = |m: &Matrix<'_, f64>, row: usize, column: usize| {
            m.elements[row * m.row_stride + column * m.column_stride]
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
        let sizes = [
            (1, 1, 1),
            (2, 3, 4),
            (7, 5, 3),
            (33, 17, 9),
            (4, 0, 3),
            // Split by columns, by rows, and along the inner size.
            (33, 40, 1500),
            (1500, 40, 33),
            (5, 300_000, 3),
        ];
        for (m, k, n) in sizes {
            let a: Vec<f64> = (0..m * k).map(|i| (i % 7) as f64 - 3.0).collect();
            let b: Vec<f64> = (0..k * n).map(|i| (i % 5) as f64 - 2.0).collect();
            let pairs = [
                (Matrix::new(&a, m, k), Matrix::new(&b, k, n)),
                (Matrix::new(&a, k, m).transposed(), Matrix::new(&b, k, n)),
                (Matrix::new(&a, m, k), Matrix::new(&b, n, k).transposed()),
                (Matrix::new(&a, k, m).transposed(), Matrix::new(&b, n, k).transposed()),
            ];
            for (left, right) in pairs {
                let expected = naive(left, right);
                let mut output = vec![1.0; m * n];
                multiply(left, right, &mut output, Add::Replace);
                assert_eq!(output, expected);
                multiply(left, right, &mut output, Add::ToOutput);
                let twice: Vec<f64> = expected.iter().map(|x| 2.0 * x).collect();
                assert_eq!(output, twice);
            }
        }
    }

    #[test]
    fn matrices_may_lie_apart() {
        let a: Vec<f64> = (0..60).map(f64::from).collect();
        let left = Matrix::strided(&a[3..], [3, 4], [13, 2]);
        let right = Matrix::strided(&a, [4, 2], [1, 20]);
        let mut output = vec![-1.0; 11];
        multiply_into(left, right, &mut output, [1, 7], Add::Replace);
        let expected = naive(left, right);
        for (at, number) in output.iter().enumerate() {
            let position = (at % 7, at / 7);
            let inside = position.0 < 3 && position.1 < 2;
            assert_eq!(*number, if inside { expected[position.0 * 2 + position.1] } else { -1.0 });
        }
    }

    #[test]
    #[should_panic(expected = "in its slice")]
    fn an_output_beyond_its_slice_is_refused() {
        let a = [1.0f64; 4];
        let matrix = Matrix::new(&a, 2, 2);
        multiply_into(matrix, matrix, &mut [0.0; 5], [4, 1], Add::Replace);
    }

    #[test]
    #[should_panic(expected = "are one")]
    fn an_output_that_overlaps_itself_is_refused() {
        let a = [1.0f64; 4];
        let matrix = Matrix::new(&a, 2, 2);
        multiply_into(matrix, matrix, &mut [0.0; 5], [1, 1], Add::Replace);
    }

    #[test]
    fn the_bits_do_not_depend_on_the_threads() {
        let numbers: Vec<f32> = (0..400_000).map(|i| (i as f32 * 0.37).sin()).collect();
        for (m, k, n) in [(60, 50, 1000), (1000, 50, 60), (8, 40_000, 9)] {
            let left = Matrix::new(&numbers[..m * k], m, k);
            let right = Matrix::new(&numbers[..k * n], k, n);
            let [one, many] = [1, 3].map(|threads| {
                let mut output = vec![0.0; m * n];
                parallel::with_threads(threads, || {
                    multiply(left, right, &mut output, Add::Replace)
                });
                output
            });
            assert_eq!(one, many);
        }
    }
}
