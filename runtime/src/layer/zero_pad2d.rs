//! `ZeroPad2D`: zeros around an image.

use dfdx::nn::ZeroSizedModule;

use super::pixels::Pick;
use crate::{operation::*, tensor::*};

/// Zeros around an image: `[C, H, W]` becomes `[C, OH, OW]`, with `ABOVE` rows above, `LEFT` columns
/// to the left, and the rest below and to the right.
///
/// `keras.layers.ZeroPadding2D(((above, below), (left, right)))` with
/// `data_format="channels_first"`; `torch.nn.ZeroPad2d((left, right, above, below))`.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::ZeroPad2D;
///
/// let x = Cpu::default().tensor([[[[1.0f32, 2.0]]]]);
/// let y = ZeroPad2D::<1, 0, 2, 3>.forward(x);
/// assert_eq!(y.array(), [[[[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ZeroPad2D<const ABOVE: usize, const LEFT: usize, const OH: usize, const OW: usize>;

impl<const ABOVE: usize, const LEFT: usize, const OH: usize, const OW: usize> ZeroSizedModule
    for ZeroPad2D<ABOVE, LEFT, OH, OW>
{
}
impl<const ABOVE: usize, const LEFT: usize, const OH: usize, const OW: usize> NonMutableModule
    for ZeroPad2D<ABOVE, LEFT, OH, OW>
{
}

impl<
        B: Dim,
        const C: usize,
        const H: usize,
        const W: usize,
        const ABOVE: usize,
        const LEFT: usize,
        const OH: usize,
        const OW: usize,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>>
    for ZeroPad2D<ABOVE, LEFT, OH, OW>
{
    type Output = Tensor<(B, Const<C>, Const<OH>, Const<OW>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        let shape = (x.shape().0, Const, Const, Const);
        let (x, tape) = x.split_tape();
        let operation = Pick::padded([H, W], [OH, OW], [ABOVE, LEFT]);
        record(&operation, &[&x], shape, x.device(), tape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradients::check_gradients;
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    #[test]
    fn zeros_surround_every_channel() {
        let x = Cpu::default().tensor([[[[1.0], [2.0]], [[3.0], [4.0]]]]);
        let y = ZeroPad2D::<0, 1, 3, 2>.forward(x);
        let expected = [[[0.0, 1.0], [0.0, 2.0], [0.0; 2]], [[0.0, 3.0], [0.0, 4.0], [0.0; 2]]];
        assert_eq!(y.array(), [expected]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 2 * 3 * 2).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 2, 3, 2>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| ZeroPad2D::<1, 2, 5, 5>.forward(x.clone().put_tape(tape)));
    }
}
