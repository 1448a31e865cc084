//! `MaxPool2D`: max pooling over the pixels of an image.

use multi_input_kernel::windows::{Plane, Windows};

use super::{
    declare::stateless,
    pooling::{Pool, Rule},
    Slide, Sliding,
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[c, r, q\] = the maximum of x\[c, ..\] over window (r, q) of `KH` by `KW`: `[C, H, W]`
    /// becomes `[C, OH, OW]`.
    ///
    /// Padding is never the maximum. Of equal maxima the first in the window gets the whole
    /// gradient, as in TensorFlow. The maximum of a window with a NaN is NaN.
    ///
    /// `keras.layers.MaxPooling2D((KH, KW), strides, padding)` with `data_format="channels_first"`;
    /// `torch.nn.MaxPool2d((KH, KW), stride)`.
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::MaxPool2D;
    ///
    /// // By default a window moves by its own size.
    /// let layer = MaxPool2D::<2, 2, 1, 2>::default();
    /// let x = Cpu::default().tensor([[[[1.0f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]]);
    /// assert_eq!(layer.forward(x).array(), [[[[6.0, 8.0]]]]);
    /// ```
    #[doc(alias = "MaxPooling2D")]
    #[doc(alias = "MaxPool2d")]
    #[doc(alias = "MaxPool")]
    #[doc(alias = "MaxPooling")]
    pub struct MaxPool2D<
        const KH: usize, const KW: usize, const OH: usize, const OW: usize; S = Slide<KH, KW>
    >
    forward |_, _| Pool {
        rule: Rule::Max,
        windows: Windows::pool::<S>(Plane::image(C, H, W), Plane::image(C, OH, OW), [KH, KW]),
    },
    on [const C: usize, const H: usize, const W: usize]
    (Const<C>, Const<H>, Const<W>) => (Const<C>, Const<OH>, Const<OW>)
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn the_largest_is_taken_and_the_first_of_equals_gets_the_gradient() {
        use dfdx::tensor_ops::{Backward, SumTo};
        let device = Cpu::default();
        let x = device.tensor([[[[1.0, 1.0, -3.0], [0.0, 1.0, -2.0]], [[4.0; 3], [4.0; 3]]]]);
        let layer = MaxPool2D::<2, 2, 1, 2, Slide<1, 1>>::default();
        let y = layer.forward(x.clone().put_tape(OwnedTape::<f64, _>::default()));
        assert_eq!(y.array(), [[[[1.0, 1.0]], [[4.0, 4.0]]]]);
        let gradient = y.sum::<(), _>().backward().get(&x).array();
        let expected = [[[1.0, 1.0, 0.0], [0.0; 3]], [[1.0, 1.0, 0.0], [0.0; 3]]];
        assert_eq!(gradient, [expected]);
    }

    #[test]
    fn beyond_the_edge_there_is_nothing() {
        let x = Cpu::default().tensor([[[[-1.0f32, -2.0], [-3.0, f32::NEG_INFINITY]]]]);
        let y = MaxPool2D::<2, 2, 2, 2, Slide<2, 2, 1, 1>>::default().forward(x);
        assert_eq!(y.array(), [[[[-1.0, -2.0], [-3.0, f32::NEG_INFINITY]]]]);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        for pixel in 0..4 {
            let mut numbers = vec![1.0f32; 4];
            numbers[pixel] = f32::NAN;
            let x: Tensor<Rank4<1, 1, 2, 2>, f32, Cpu> =
                Cpu::default().tensor_from_vec(numbers, Default::default());
            assert!(MaxPool2D::<2, 2, 1, 1>::default().forward(x).array()[0][0][0][0].is_nan());
        }
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 2 * 5 * 6).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 2, 5, 6>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| {
            MaxPool2D::<2, 3, 2, 2>::default().forward(x.clone().put_tape(tape))
        });
        // Overlapping windows that extend beyond every edge, and a batch of one.
        check_gradients(&x, |x, tape| {
            MaxPool2D::<3, 2, 5, 4, Slide<1, 2, 1, 1>>::default().forward(x.clone().put_tape(tape))
        });
        let x = Cpu::default().tensor([[[[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]]]]);
        check_gradients(&x, |x, tape| {
            MaxPool2D::<2, 2, 1, 2, Slide<1, 1>>::default().forward(x.clone().put_tape(tape))
        });
    }
}
