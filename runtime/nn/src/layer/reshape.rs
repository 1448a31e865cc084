//! `Reshape`: changes the dimensions of a sample.

use dfdx::nn::ZeroSizedModule;

use super::{Batched, SampleShape};
use crate::{operation::*, tensor::*};

/// The elements of a sample with the dimensions `S`, in row-major order.
///
/// `keras.layers.Reshape`; `torch.nn.Unflatten`, `torch.Tensor.reshape`.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::Reshape;
///
/// let layer = Reshape::<(Const<2>, Const<2>)>::default();
/// let output = layer.forward(Cpu::default().tensor([[1.0f32, 2.0, 3.0, 4.0]]));
/// assert_eq!(output.array(), [[[1.0, 2.0], [3.0, 4.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "Unflatten")]
#[doc(alias = "View")]
pub struct Reshape<S> {
    sample: S,
}

impl<S: SampleShape> ZeroSizedModule for Reshape<S> {}
impl<S: SampleShape> NonMutableModule for Reshape<S> {}

impl<Out: SampleShape, S: Batched, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<S, E, D, T>> for Reshape<Out>
{
    type Output = Tensor<Out::Batch<S::Batch>, E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        let shape = self.sample.batched(x.shape().batch());
        reshape(x, shape)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom};

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn numbers_keep_their_order() {
        let x = Cpu::default().tensor([[[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
        let y = Reshape::<(Const<3>, Const<1>, Const<2>)>::default().forward(x);
        assert_eq!(y.array(), [[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]]]);
    }

    #[test]
    fn a_wrong_count_is_an_error() {
        let x = Cpu::default().tensor([[1.0f32, 2.0]]);
        assert!(Reshape::<(Const<3>,)>::default().try_forward(x).is_err());
    }

    #[test]
    fn gradients_flow() {
        let x = Cpu::default().tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        check_gradients(&x, |x, tape| {
            Reshape::<(Const<3>, Const<1>)>::default().forward(x.clone().put_tape(tape))
        });
    }
}
