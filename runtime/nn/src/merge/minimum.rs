//! `minimum`: the elementwise minimum of the operands.

use super::{extreme, merge, MergeInput};
use crate::tensor::*;

/// y = min(a, b, ..), elementwise; `keras.layers.Minimum`, `torch.minimum`.
///
/// Where operands are equal the gradient goes to the first of them, as in Keras on TensorFlow
/// (PyTorch halves it). The minimum with a NaN is NaN. Steps that are masked in an operand, see
/// [`MergeInput::masked`], are not compared.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[5.0f32, 2.0]]), device.tensor([[3.0f32]]));
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
/// let smallest = merge::minimum(parts, (1, Const::<2>), NoneTape).unwrap();
/// assert_eq!(smallest.as_vec(), [3.0, 2.0]);
/// ```
#[doc(alias = "Minimum")]
#[doc(alias = "min")]
pub fn minimum<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&|layouts, sizes| extreme::plan(false, layouts, sizes), &parts, shape, tape)
}

#[cfg(test)]
mod tests {
    use dfdx::{
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::{
        super::tests::{check_pair, check_repeated, part},
        *,
    };
    use crate::check_gradients::Traced;

    #[test]
    fn the_smallest_is_kept_and_a_nan_is_not_lost() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, f64::NAN, 3.0]]);
        let b = device.tensor([[2.0, 2.0, 2.0]]);
        let c = device.tensor([[f64::NAN]]);
        let y = minimum(vec![part(&a), part(&b)], *a.shape(), NoneTape).unwrap().array();
        assert_eq!((y[0][0], y[0][2]), (1.0, 2.0));
        assert!(y[0][1].is_nan());
        let y = minimum(vec![part(&b), part(&c), part(&b)], *b.shape(), NoneTape).unwrap();
        assert!(y.array()[0].iter().all(|y| y.is_nan()));
    }

    #[test]
    fn the_first_of_equals_receives_the_gradient() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 1.0]]);
        let b = device.tensor([[1.0, 2.0]]);
        let parts = vec![part(&b), part(&a), part(&a)];
        let gradients = minimum(parts, *a.shape(), Traced::default()).unwrap().sum().backward();
        assert_eq!(gradients.get(&b).array(), [[1.0, 0.0]]);
        assert_eq!(gradients.get(&a).array(), [[0.0, 1.0]]);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1, 0.9, 0.3], [0.4, 0.5, 0.6]]]);
        let b = device.tensor([[[0.7, 0.8, 0.35]]]);
        let shape = *a.shape();
        check_pair(a.clone(), b.clone(), |parts, tape| minimum(parts, shape, tape));
        check_repeated(a, b, |parts, tape| minimum(parts, shape, tape));
    }
}
