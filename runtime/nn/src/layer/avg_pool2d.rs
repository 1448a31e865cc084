//! `AvgPool2D`: average pooling over the pixels of an image.

use multi_input_kernel::windows::{Plane, Windows};

use super::{
    declare::stateless,
    pooling::{Pool, Rule},
    Slide, Sliding,
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[c, r, q\] = the mean of x\[c, ..\] over window (r, q) of `KH` by `KW`: `[C, H, W]`
    /// becomes `[C, OH, OW]`.
    ///
    /// Padding does not count in the mean, as in Keras.
    ///
    /// `keras.layers.AveragePooling2D((KH, KW), strides, padding)` with
    /// `data_format="channels_first"`;
    /// `torch.nn.AvgPool2d((KH, KW), stride, count_include_pad=False)`.
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::AvgPool2D;
    ///
    /// // By default a window moves by its own size.
    /// let layer = AvgPool2D::<2, 2, 1, 2>::default();
    /// let x = Cpu::default().tensor([[[[1.0f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]]);
    /// assert_eq!(layer.forward(x).array(), [[[[3.5, 5.5]]]]);
    /// ```
    #[doc(alias = "AveragePooling2D")]
    #[doc(alias = "AvgPool2d")]
    #[doc(alias = "AveragePool2D")]
    #[doc(alias = "AvgPooling2D")]
    #[doc(alias = "AvgPool")]
    #[doc(alias = "AveragePool")]
    pub struct AvgPool2D<
        const KH: usize, const KW: usize, const OH: usize, const OW: usize; S = Slide<KH, KW>
    >
    forward |_, _| Pool {
        rule: Rule::Mean,
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
    fn the_mean_is_over_what_lies_inside() {
        let x = Cpu::default().tensor([[[[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]]]);
        let y = AvgPool2D::<2, 2, 1, 2, Slide<1, 1>>::default().forward(x.clone());
        assert_eq!(y.array(), [[[[2.5, 5.0]]]]);
        let y = AvgPool2D::<2, 2, 2, 2, Slide<2, 2, 1, 1>>::default().forward(x);
        assert_eq!(y.array(), [[[[1.0, 4.0], [3.0, 6.0]]]]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 2 * 5 * 6).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 2, 5, 6>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| {
            AvgPool2D::<2, 3, 2, 2>::default().forward(x.clone().put_tape(tape))
        });
        // Overlapping windows that extend beyond every edge, and a batch of one.
        check_gradients(&x, |x, tape| {
            AvgPool2D::<3, 2, 5, 4, Slide<1, 2, 1, 1>>::default().forward(x.clone().put_tape(tape))
        });
        let x = Cpu::default().tensor([[[[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]]]]);
        check_gradients(&x, |x, tape| {
            AvgPool2D::<2, 2, 1, 2, Slide<1, 1>>::default().forward(x.clone().put_tape(tape))
        });
    }
}
