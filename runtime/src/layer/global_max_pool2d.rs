//! `GlobalMaxPool2D`: the largest number of every channel.

use dfdx::nn::ZeroSizedModule;

use super::pooling::{PoolAll, Rule};
use crate::{kernel::windows::Plane, operation::*, tensor::*};

/// y\[c\] = the largest number of x\[c, ..\]: `[C, H, W]` becomes `[C]`. Equal numbers share the
/// gradient, as in Keras on TensorFlow.
///
/// `keras.layers.GlobalMaxPooling2D` with `data_format="channels_first"`;
/// `torch.nn.AdaptiveMaxPool2d(1)` and a flatten.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::GlobalMaxPool2D;
///
/// let x = Cpu::default().tensor([[[[1.0f32, 2.0], [3.0, 6.0]], [[0.0, 1.0], [2.0, 1.0]]]]);
/// assert_eq!(GlobalMaxPool2D.forward(x).array(), [[6.0, 2.0]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalMaxPool2D;

impl ZeroSizedModule for GlobalMaxPool2D {}
impl NonMutableModule for GlobalMaxPool2D {}

impl<
        B: Dim,
        const C: usize,
        const H: usize,
        const W: usize,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>> for GlobalMaxPool2D
{
    type Output = Tensor<(B, Const<C>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        let shape = (x.shape().0, Const);
        let operation = PoolAll { rule: Rule::Largest, plane: Plane::image(C, H, W), mask: None };
        let (x, tape) = x.split_tape();
        record(&operation, &[&x], shape, x.device(), tape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradients::check_gradients;
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    #[test]
    fn each_channel_becomes_its_largest_and_equals_share_the_gradient() {
        use dfdx::tensor_ops::{Backward, SumTo};
        let x = Cpu::default().tensor([[[[1.0, 3.0]], [[-2.0, -2.0]]]]);
        let y = GlobalMaxPool2D.forward(x.clone().put_tape(OwnedTape::<f64, _>::default()));
        assert_eq!(y.array(), [[3.0, -2.0]]);
        let gradient = y.sum::<(), _>().backward().get(&x).array();
        assert_eq!(gradient, [[[[0.0, 1.0]], [[0.5, 0.5]]]]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 3 * 2 * 3).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 3, 2, 3>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| GlobalMaxPool2D.forward(x.clone().put_tape(tape)));
    }
}
