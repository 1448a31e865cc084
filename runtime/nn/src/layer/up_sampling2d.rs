//! `UpSampling2D`: nearest-neighbour upsampling of an image.

use dfdx::nn::ZeroSizedModule;

use super::pixel_map::PixelMap;
use crate::{operation::*, tensor::*};

/// Repeats every pixel `DOWN` by `ACROSS` times: `[C, H, W]` becomes
/// `[C, DOWN * H, ACROSS * W] = [C, OH, OW]`.
///
/// `keras.layers.UpSampling2D((DOWN, ACROSS))` (nearest) with `data_format="channels_first"`;
/// `torch.nn.Upsample(scale_factor=(DOWN, ACROSS))`.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::UpSampling2D;
///
/// let x = Cpu::default().tensor([[[[1.0f32, 2.0]]]]);
/// let y = UpSampling2D::<2, 2, 2, 4>.forward(x);
/// assert_eq!(y.array(), [[[[1.0, 1.0, 2.0, 2.0]; 2]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "Upsample")]
#[doc(alias = "UpsamplingNearest2d")]
#[doc(alias = "Upscale2D")]
pub struct UpSampling2D<const DOWN: usize, const ACROSS: usize, const OH: usize, const OW: usize>;

impl<const DOWN: usize, const ACROSS: usize, const OH: usize, const OW: usize> ZeroSizedModule
    for UpSampling2D<DOWN, ACROSS, OH, OW>
{
}
impl<const DOWN: usize, const ACROSS: usize, const OH: usize, const OW: usize> NonMutableModule
    for UpSampling2D<DOWN, ACROSS, OH, OW>
{
}

impl<
        B: Dim,
        const C: usize,
        const H: usize,
        const W: usize,
        const DOWN: usize,
        const ACROSS: usize,
        const OH: usize,
        const OW: usize,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>>
    for UpSampling2D<DOWN, ACROSS, OH, OW>
{
    type Output = Tensor<(B, Const<C>, Const<OH>, Const<OW>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        if (OH, OW) != (DOWN * H, ACROSS * W) {
            return Err(D::size_error());
        }
        let shape = (x.shape().0, Const, Const, Const);
        let (x, tape) = x.split_tape();
        let operation = PixelMap::repeated([H, W], [DOWN, ACROSS]);
        record(&operation, &[&x], shape, x.device(), tape)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn pixels_are_repeated() {
        let x = Cpu::default().tensor([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]]);
        let y = UpSampling2D::<1, 2, 2, 4>.forward(x.clone());
        let expected = [
            [[1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0]],
            [[5.0, 5.0, 6.0, 6.0], [7.0, 7.0, 8.0, 8.0]],
        ];
        assert_eq!(y.array(), [expected]);
        assert!(UpSampling2D::<2, 2, 3, 4>.try_forward(x).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 2 * 3 * 2).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 2, 3, 2>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| UpSampling2D::<2, 3, 6, 6>.forward(x.clone().put_tape(tape)));
    }
}
