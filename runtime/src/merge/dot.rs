//! `dot`: the scalar product along an axis.

use multi_input_spec::merge::position;

use super::{finish, Part};
use crate::{
    kernel::matmul::{multiply, Add, Matrix},
    tensor::*,
};

/// The scalar products of two operands along `axis`, which counts from 0 after the batch or from -1
/// backwards in each of them: the axes that are left, those of the first operand before those of
/// the second, or `[1]` where none is. With `normalize` both are divided by their L2 norm first,
/// which gives the cosine; as in Keras, by no less than 1e-7.
///
/// `keras.layers.Dot(axes, normalize)` (whose axes count the batch as well);
/// `torch.nn.CosineSimilarity`.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, Part};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[3.0f32, 4.0]]), device.tensor([[2.0f32, 1.0]]));
/// let parts = vec![Part::new(&a).unwrap(), Part::new(&b).unwrap()];
/// assert_eq!(merge::dot(parts, -1, false, (1, Const::<1>), NoneTape).unwrap().as_vec(), [10.0]);
/// ```
pub fn dot<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<Part<E, D>>,
    axis: isize,
    normalize: bool,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let [a, b]: [Part<E, D>; 2] = parts.try_into().map_err(|_| D::size_error())?;
    let a = Operand::new(a, axis, normalize).ok_or_else(D::size_error)?;
    let b = Operand::new(b, axis, normalize).ok_or_else(D::size_error)?;
    if !fits(&a, &b, shape.concrete().as_ref()) {
        return Err(D::size_error());
    }
    let device = a.part.device().clone();

    let mut output = device.buffer(shape.num_elements())?;
    let samples = a.samples().zip(b.samples());
    for (output, (a, b)) in output.chunks_exact_mut((a.rows * b.rows).max(1)).zip(samples) {
        multiply(a, b.transposed(), output, Add::Replace);
    }
    finish(&device, output, shape, tape, move |slope, gradients| {
        let slopes = || {
            let samples = slope.chunks_exact((a.rows * b.rows).max(1));
            samples.map(|slope| Matrix::new(slope, a.rows, b.rows))
        };
        a.backward(slopes(), b.samples(), gradients)?;
        b.backward(slopes().map(Matrix::transposed), a.samples(), gradients)
    })
}

/// Whether the axes that are left are the output's.
fn fits<E: Element, D: Backend<E>>(a: &Operand<E, D>, b: &Operand<E, D>, sizes: &[usize]) -> bool {
    let mut left = vec![a.part.batch()];
    left.extend(a.left.iter().chain(&b.left));
    if left.len() == 1 {
        left.push(1);
    }
    a.part.batch() == b.part.batch() && a.columns == b.columns && left == sizes
}

/// An operand as one matrix for each sample: the axis that is summed over are the columns.
struct Operand<E: Element, D: Backend<E>> {
    part: Part<E, D>,
    /// The sizes of the axes that are left.
    left: Vec<usize>,
    rows: usize,
    columns: usize,
    /// The product of the sizes after the axis.
    inner: usize,
    /// The elements in the order of the matrices, normalised where that is wanted.
    matrices: Vec<E>,
    /// For each row 1 / max(norm, 1e-7); empty where nothing is normalised.
    inverse: Vec<E>,
}

impl<E: Element, D: Backend<E>> Operand<E, D> {
    /// `None` where there is no such axis.
    fn new(part: Part<E, D>, axis: isize, normalize: bool) -> Option<Self> {
        let dims = part.dims();
        let axis = position(axis, dims.len())?;
        let columns = dims[axis];
        let inner = dims[axis + 1..].iter().product();
        let rows = dims[..axis].iter().product::<usize>() * inner;
        let left = [&dims[..axis], &dims[axis + 1..]].concat();
        let (matrices, inverse) = (Vec::new(), Vec::new());
        let mut operand = Operand { part, left, rows, columns, inner, matrices, inverse };
        let values = operand.part.values();
        operand.matrices = operand.places().map(|place| values[place]).collect();
        drop(values);
        if normalize {
            operand.normalize();
        }
        Some(operand)
    }

    /// Where the elements of the matrices lie in the tensor.
    fn places(&self) -> impl Iterator<Item = usize> {
        let (inner, columns) = (self.inner, self.columns);
        let rows = 0..self.part.batch() * self.rows;
        rows.flat_map(move |row| {
            let start = row / inner * inner * columns + row % inner;
            (0..columns).map(move |column| start + column * inner)
        })
    }

    fn normalize(&mut self) {
        let largest = E::of(1e7);
        for row in self.matrices.chunks_exact_mut(self.columns.max(1)) {
            let norm = row.iter().map(|x| *x * *x).sum::<E>().sqrt();
            // Not `min`, which would drop a NaN.
            let inverse = if norm * largest < E::one() { largest } else { norm.recip() };
            row.iter_mut().for_each(|x| *x *= inverse);
            self.inverse.push(inverse);
        }
    }

    fn samples(&self) -> impl Iterator<Item = Matrix<'_, E>> {
        let samples = self.matrices.chunks_exact((self.rows * self.columns).max(1));
        samples.map(|sample| Matrix::new(sample, self.rows, self.columns))
    }

    /// Adds slope * other to the gradient, sample by sample.
    fn backward<'a>(
        &self,
        slopes: impl Iterator<Item = Matrix<'a, E>>,
        others: impl Iterator<Item = Matrix<'a, E>>,
        gradients: &mut Gradients<E, D>,
    ) -> Result<(), D::Err> {
        let mut change = vec![E::zero(); self.matrices.len()];
        let samples = change.chunks_exact_mut((self.rows * self.columns).max(1));
        for (change, (slope, other)) in samples.zip(slopes.zip(others)) {
            multiply(slope, other, change, Add::Replace);
        }
        self.normalize_backward(&mut change);
        self.part.edit_gradient(gradients, |gradient| {
            self.places().zip(&change).for_each(|(place, change)| gradient[place] += *change);
        })
    }

    /// From the gradient by the normalised rows to that by the rows as they came.
    fn normalize_backward(&self, change: &mut [E]) {
        let width = self.columns.max(1);
        let rows = self.matrices.chunks_exact(width).zip(change.chunks_exact_mut(width));
        for ((row, change), inverse) in rows.zip(&self.inverse) {
            // A norm below the limit is not divided by, so its change does not count.
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
    use super::{
        super::tests::{check_pair, part},
        *,
    };
    use crate::check_gradients::{check_gradients, Traced};
    use dfdx::{
        shapes::Rank3,
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

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
        assert!(gradients.get(&a).array()[0].iter().all(|slope| slope.is_finite()));
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
