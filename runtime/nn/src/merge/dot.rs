//! `dot`: the dot product along an axis.

use multi_input_kernel::matmul::{multiply, Add, Matrix};
use multi_input_spec::merge::position;

use super::{merge, Layout, MergeInput, Planned};
use crate::{operation::*, tensor::*};

/// The dot products of two operands along `axis`, which counts from 0 after the batch or backwards
/// from -1 in each operand. The output has the remaining axes of the first operand, then those of
/// the second, or `[1]` where there are none. With `normalize` both operands are divided by max(L2
/// norm, 1e-7) first, which gives the cosine similarity, as in Keras.
///
/// `keras.layers.Dot(axes, normalize)` (whose axes count the batch as well);
/// `torch.nn.CosineSimilarity`.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[3.0f32, 4.0]]), device.tensor([[2.0f32, 1.0]]));
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
/// assert_eq!(merge::dot(parts, -1, false, (1, Const::<1>), NoneTape).unwrap().as_vec(), [10.0]);
/// ```
#[doc(alias = "Dot")]
#[doc(alias = "CosineSimilarity")]
#[doc(alias = "inner")]
#[doc(alias = "inner_product")]
#[doc(alias = "scalar_product")]
#[doc(alias = "dot_product")]
#[doc(alias = "vecdot")]
pub fn dot<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    axis: isize,
    normalize: bool,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&|layouts, sizes| plan(axis, normalize, layouts, sizes), &parts, shape, tape)
}

fn plan(axis: isize, normalize: bool, layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let [a, b] = layouts else { return None };
    let (first, second) = (MatrixLayout::new(a, axis)?, MatrixLayout::new(b, axis)?);
    // The output has the remaining axes.
    let mut remaining = [vec![a.batch], first.remaining(a), second.remaining(b)].concat();
    if remaining.len() == 1 {
        remaining.push(1);
    }
    let fits = a.batch == b.batch && first.columns == second.columns && remaining == sizes;
    fits.then(|| Box::new(Dot { operands: [first, second], normalize }) as _)
}

/// The products of the matrices of two operands, sample by sample.
#[derive(Clone)]
struct Dot {
    operands: [MatrixLayout; 2],
    normalize: bool,
}

compiled!(Dot);

impl Operation for Dot {
    type Saved<E: Element> = [OperandMatrices<E>; 2];

    fn forward<E: Element>(
        &self,
        pass: ForwardPass<'_, E>,
    ) -> Result<[OperandMatrices<E>; 2], OperationError> {
        let [a, b] = &self.operands;
        let rows = |input: usize| OperandMatrices::new(self.operands[input], &pass.inputs[input]);
        let [first, second] = [0, 1].map(|input| match self.normalize {
            true => rows(input).normalized(),
            false => rows(input),
        });
        let samples = first.samples().zip(second.samples());
        for (output, (a, b)) in pass.output.chunks_exact_mut((a.rows * b.rows).max(1)).zip(samples)
        {
            multiply(a, b.transposed(), output, Add::Replace);
        }
        Ok([first, second])
    }

    fn backward<E: Element>(
        &self,
        [first, second]: [OperandMatrices<E>; 2],
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [a, b] = &self.operands;
        let grads = || {
            let samples = pass.gradient.chunks_exact((a.rows * b.rows).max(1));
            samples.map(|grad| Matrix::new(grad, a.rows, b.rows))
        };
        let by_first = first.backward(grads(), second.samples());
        gradients.edit(0, |gradient| a.add(&by_first, gradient))?;
        let by_second = second.backward(grads().map(Matrix::transposed), first.samples());
        gradients.edit(1, |gradient| b.add(&by_second, gradient))
    }
}

/// The layout of an operand as one matrix for each sample, whose columns are the axis that is
/// summed over.
#[derive(Clone, Copy)]
struct MatrixLayout {
    axis: usize,
    rows: usize,
    columns: usize,
    /// The product of the sizes after the axis.
    inner: usize,
}

impl MatrixLayout {
    /// `None` where the axis does not exist.
    fn new(layout: &Layout, axis: isize) -> Option<MatrixLayout> {
        let dims = &layout.dims;
        let axis = position(axis, dims.len())?;
        let inner = dims[axis + 1..].iter().product();
        let rows = dims[..axis].iter().product::<usize>() * inner;
        Some(MatrixLayout { axis, rows, columns: dims[axis], inner })
    }

    /// The sizes of the remaining axes.
    fn remaining(&self, layout: &Layout) -> Vec<usize> {
        [&layout.dims[..self.axis], &layout.dims[self.axis + 1..]].concat()
    }

    /// The tensor indices of the matrices' elements, in the order of the matrices.
    fn element_indices(&self, len: usize) -> impl Iterator<Item = usize> {
        let (inner, columns) = (self.inner, self.columns);
        let rows = 0..len / columns.max(1);
        rows.flat_map(move |row| {
            let start = row / inner * inner * columns + row % inner;
            (0..columns).map(move |column| start + column * inner)
        })
    }

    /// Adds `changes`, in the order of the matrices, to `gradient`, in the order of the tensor.
    fn add<E: Element>(&self, changes: &[E], gradient: &mut [E]) {
        self.element_indices(changes.len())
            .zip(changes)
            .for_each(|(index, change)| gradient[index] += *change);
    }
}

/// The matrices of an operand.
struct OperandMatrices<E> {
    of: MatrixLayout,
    /// The elements in the order of the matrices, normalised where `normalize` is set.
    matrices: Vec<E>,
    /// For each row 1 / max(norm, 1e-7); empty without `normalize`.
    inverse: Vec<E>,
}

impl<E: Element> OperandMatrices<E> {
    fn new(of: MatrixLayout, values: &[E]) -> Self {
        let matrices = of.element_indices(values.len()).map(|index| values[index]).collect();
        OperandMatrices { of, matrices, inverse: Vec::new() }
    }

    fn normalized(mut self) -> Self {
        let largest = E::of(1e7);
        for row in self.matrices.chunks_exact_mut(self.of.columns.max(1)) {
            let norm = row.iter().map(|x| *x * *x).sum::<E>().sqrt();
            // Not `min`, which would drop a NaN.
            let inverse = if norm * largest < E::one() { largest } else { norm.recip() };
            row.iter_mut().for_each(|x| *x *= inverse);
            self.inverse.push(inverse);
        }
        self
    }

    fn samples(&self) -> impl Iterator<Item = Matrix<'_, E>> {
        let MatrixLayout { rows, columns, .. } = self.of;
        let samples = self.matrices.chunks_exact((rows * columns).max(1));
        samples.map(move |sample| Matrix::new(sample, rows, columns))
    }

    /// The gradient of this operand: grad * other, sample by sample.
    fn backward<'a>(
        &self,
        grads: impl Iterator<Item = Matrix<'a, E>>,
        others: impl Iterator<Item = Matrix<'a, E>>,
    ) -> Vec<E> {
        let mut change = vec![E::zero(); self.matrices.len()];
        let samples = change.chunks_exact_mut((self.of.rows * self.of.columns).max(1));
        for (change, (grad, other)) in samples.zip(grads.zip(others)) {
            multiply(grad, other, change, Add::Replace);
        }
        self.normalize_backward(&mut change);
        change
    }

    /// Converts the gradient of the normalised rows to that of the rows.
    fn normalize_backward(&self, change: &mut [E]) {
        let width = self.of.columns.max(1);
        let rows = self.matrices.chunks_exact(width).zip(change.chunks_exact_mut(width));
        for ((row, change), inverse) in rows.zip(&self.inverse) {
            // A norm below the limit is replaced by a constant, through which no gradient flows.
            let counts = *inverse < E::of(1e7);
            let along: E = row.iter().zip(&*change).map(|(x, change)| *x * *change).sum();
            let along = if counts { along } else { E::zero() };
            for (change, x) in change.iter_mut().zip(row) {
                *change = *inverse * (*change - *x * along);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::Rank3,
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::{
        super::tests::{check_pair, part},
        *,
    };
    use crate::check_gradients::{check_gradients, Traced};

    #[test]
    fn vectors_give_one_number() {
        let device = Cpu::default();
        let a = device.tensor([[3.0, 4.0], [1.0, 0.0]]);
        let b = device.tensor([[2.0, 1.0], [0.0, 5.0]]);
        let shape: Rank2<2, 1> = Default::default();
        let product = dot(vec![part(&a), part(&b)], -1, false, shape, NoneTape).unwrap();
        assert_eq!(product.array(), [[10.0], [0.0]]);
        let cosine = dot(vec![part(&a), part(&b)], 0, true, shape, NoneTape).unwrap().array();
        assert!((cosine[0][0] - 2.0 / 5f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn matrices_keep_their_other_axes() {
        let device = Cpu::default();
        let a = device.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
        let b = device.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]);
        let shape: Rank3<1, 2, 2> = Default::default();
        let rows = dot(vec![part(&a), part(&b)], -1, false, shape, NoneTape).unwrap();
        assert_eq!(rows.array(), [[[1.0, 2.0], [4.0, 5.0]]]);
        let shape: Rank3<1, 3, 3> = Default::default();
        let columns = dot(vec![part(&a), part(&b)], 0, false, shape, NoneTape).unwrap();
        assert_eq!(columns.array(), [[[1.0, 4.0, 0.0], [2.0, 5.0, 0.0], [3.0, 6.0, 0.0]]]);
        let c = device.tensor([[1.0, 1.0, 1.0]]);
        let shape: Rank2<1, 2> = Default::default();
        let mixed = dot(vec![part(&a), part(&c)], -1, false, shape, NoneTape).unwrap();
        assert_eq!(mixed.array(), [[6.0, 15.0]]);
    }

    #[test]
    fn the_cosine_of_nothing_is_zero_and_has_a_gradient() {
        let device = Cpu::default();
        let a = device.tensor([[0.0, 0.0]]);
        let b = device.tensor([[1.0, 1.0]]);
        let shape: Rank2<1, 1> = Default::default();
        let cosine = dot(vec![part(&a), part(&b)], -1, true, shape, Traced::default()).unwrap();
        assert_eq!(cosine.array(), [[0.0]]);
        let gradients = cosine.sum().backward();
        assert_eq!(gradients.get(&b).array(), [[0.0, 0.0]]);
        assert!(gradients.get(&a).array()[0].iter().all(|grad| grad.is_finite()));
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let device = Cpu::default();
        let a = device.tensor([[3.0, 4.0]]);
        let b = device.tensor([[2.0, 1.0, 0.0]]);
        assert!(dot(vec![part(&a), part(&b)], -1, false, (1, 1), NoneTape).is_err());
        assert!(dot(vec![part(&a)], -1, false, (1, 1), NoneTape).is_err());
        assert!(dot(vec![part(&a), part(&a)], 1, false, (1, 1), NoneTape).is_err());
        assert!(dot(vec![part(&a), part(&a)], -1, false, (1, 2), NoneTape).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [[1.1, -0.2, 0.9], [0.3; 3]]]);
        let b = device.tensor([[[0.7, 0.8, -0.9]], [[0.2, 0.1, 0.6]]]);
        let shape: Rank3<2, 2, 1> = Default::default();
        for normalize in [false, true] {
            check_pair(a.clone(), b.clone(), |parts, tape| dot(parts, -1, normalize, shape, tape));
            let shape: Rank3<2, 3, 3> = Default::default();
            check_gradients(&a, |a, tape| {
                dot(vec![part(a), part(a)], 0, normalize, shape, tape).unwrap()
            });
        }
        let shape: Rank2<1, 1> = Default::default();
        let (a, b) = (device.tensor([[0.1, 0.4, 0.5]]), device.tensor([[0.2, 0.3, -0.1]]));
        check_pair(a, b, |parts, tape| dot(parts, -1, true, shape, tape));
    }
}
