//! `Flatten`: all elements of a sample as one row.

use dfdx::nn::ZeroSizedModule;

use super::Batched;
use crate::{operation::*, tensor::*};

/// `[a, b, ..]` becomes `[a * b * ..] = [N]`, in row-major order.
///
/// `keras.layers.Flatten`, where a flattened image has another order because its channels are last;
/// `torch.nn.Flatten`.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::Flatten;
///
/// let output = Flatten::<4>.forward(Cpu::default().tensor([[[1.0f32, 2.0], [3.0, 4.0]]]));
/// assert_eq!(output.array(), [[1.0, 2.0, 3.0, 4.0]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "Flatten2D")]
#[doc(alias = "Flat")]
#[doc(alias = "Ravel")]
pub struct Flatten<const N: usize>;

impl<const N: usize> ZeroSizedModule for Flatten<N> {}
impl<const N: usize> NonMutableModule for Flatten<N> {}

impl<const N: usize, S: Batched, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<S, E, D, T>> for Flatten<N>
{
    type Output = Tensor<(S::Batch, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        let shape = (x.shape().batch(), Const);
        reshape(x, shape)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::Rank3,
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::PermuteTo,
    };

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn every_rank_is_flattened_in_order() {
        let device = Cpu::default();
        let x = device.tensor([[[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
        assert_eq!(Flatten::<6>.forward(x).array(), [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
        assert_eq!(Flatten::<2>.forward(device.tensor([[1.0f32, 2.0]])).array(), [[1.0, 2.0]]);
        let x = device.tensor([[[[1.0f32, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]]);
        assert_eq!(Flatten::<4>.forward(x).array(), [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]);
    }

    #[test]
    fn a_wrong_count_is_an_error() {
        let x = Cpu::default().tensor([[1.0f32, 2.0]]);
        assert!(Flatten::<3>.try_forward(x).is_err());
    }

    #[test]
    fn gradients_flow_through_a_permuted_input() {
        let x = Cpu::default().tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]);
        check_gradients(&x, |x, tape| {
            let x = x.clone().put_tape(tape).permute::<Rank3<2, 3, 1>, _>();
            Flatten::<3>.forward(x)
        });
    }
}
