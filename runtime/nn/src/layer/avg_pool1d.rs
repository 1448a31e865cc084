//! `AvgPool1D`: average pooling over the steps of a sequence.

use multi_input_kernel::windows::{Plane, Windows};

use super::{
    declare::stateless,
    pooling::{Pool, Rule},
    Slide, Sliding,
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[l, c\] = the mean of x\[.., c\] over window l of `K` steps: `[L, C]` becomes `[OL, C]`.
    ///
    /// Padding does not count in the mean, as in Keras.
    ///
    /// `keras.layers.AveragePooling1D(K, strides, padding)`;
    /// `torch.nn.AvgPool1d(K, stride, count_include_pad=False)` (channels before steps).
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::AvgPool1D;
    ///
    /// // By default a window moves by its own size.
    /// let layer = AvgPool1D::<2, 2>::default();
    /// let x = Cpu::default().tensor([[[1.0f32], [2.0], [3.0], [4.0], [5.0]]]);
    /// assert_eq!(layer.forward(x).array(), [[[1.5], [3.5]]]);
    /// ```
    #[doc(alias = "AveragePooling1D")]
    #[doc(alias = "AvgPool1d")]
    #[doc(alias = "AveragePool1D")]
    #[doc(alias = "AvgPooling1D")]
    pub struct AvgPool1D<const K: usize, const OL: usize; S = Slide<1, K>>
    forward |_, _| Pool {
        rule: Rule::Mean,
        windows: Windows::pool::<S>(Plane::steps(L, C), Plane::steps(OL, C), [1, K]),
    },
    on [const L: usize, const C: usize] (Const<L>, Const<C>) => (Const<OL>, Const<C>)
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn every_feature_has_its_own_mean() {
        let x = Cpu::default().tensor([[[1.0f32, 9.0], [5.0, 3.0], [3.0, 6.0]]]);
        let y = AvgPool1D::<2, 2, Slide<1, 1>>::default().forward(x.clone());
        assert_eq!(y.array(), [[[3.0, 6.0], [4.0, 4.5]]]);
        let y = AvgPool1D::<2, 2, Slide<1, 2, 0, 1>>::default().forward(x);
        assert_eq!(y.array(), [[[1.0, 9.0], [4.0, 4.5]]]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 7 * 3).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank3<2, 7, 3>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| {
            AvgPool1D::<3, 2>::default().forward(x.clone().put_tape(tape))
        });
        // Overlapping windows that extend beyond both ends.
        check_gradients(&x, |x, tape| {
            AvgPool1D::<4, 4, Slide<1, 2, 0, 1>>::default().forward(x.clone().put_tape(tape))
        });
    }
}
