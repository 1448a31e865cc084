//! `ZeroPad2D`: zero padding of an image.

use super::{declare::stateless, pixel_map::PixelMap};
use crate::{operation::*, tensor::*};

stateless! {
    /// Zero padding of an image: `[C, H, W]` becomes `[C, OH, OW]`, with `ABOVE` rows above, `LEFT`
    /// columns to the left, and the remaining rows and columns below and to the right.
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
    #[doc(alias = "ZeroPadding2D")]
    #[doc(alias = "ZeroPad2d")]
    pub struct ZeroPad2D<
        const ABOVE: usize, const LEFT: usize, const OH: usize, const OW: usize
    >
    forward |_, _| PixelMap::padded([H, W], [OH, OW], [ABOVE, LEFT]),
    on [const C: usize, const H: usize, const W: usize]
    (Const<C>, Const<H>, Const<W>) => (Const<C>, Const<OH>, Const<OW>)
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

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
