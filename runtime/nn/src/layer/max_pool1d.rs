//! `MaxPool1D`: max pooling over the steps of a sequence.

use multi_input_kernel::windows::{Plane, Windows};

use super::{
    declare::stateless,
    pooling::{Pool, Rule},
    Slide, Sliding,
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[l, c\] = the maximum of x\[.., c\] over window l of `K` steps: `[L, C]` becomes
    /// `[OL, C]`.
    ///
    /// Padding is never the maximum. Of equal maxima the first gets the gradient.
    ///
    /// `keras.layers.MaxPooling1D(K, strides, padding)`; `torch.nn.MaxPool1d(K, stride)` (channels
    /// before steps).
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::MaxPool1D;
    ///
    /// // By default a window moves by its own size.
    /// let layer = MaxPool1D::<2, 2>::default();
    /// let x = Cpu::default().tensor([[[1.0f32], [2.0], [3.0], [4.0], [5.0]]]);
    /// assert_eq!(layer.forward(x).array(), [[[2.0], [4.0]]]);
    /// ```
    #[doc(alias = "MaxPooling1D")]
    #[doc(alias = "MaxPool1d")]
    pub struct MaxPool1D<const K: usize, const OL: usize; S = Slide<1, K>>
    forward |_, _| Pool {
        rule: Rule::Max,
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
    fn every_feature_has_its_own_largest() {
        let x = Cpu::default().tensor([[[1.0f32, 9.0], [5.0, 3.0], [2.0, 4.0], [7.0, -1.0]]]);
        let y = MaxPool1D::<3, 2, Slide<1, 1>>::default().forward(x.clone());
        assert_eq!(y.array(), [[[5.0, 9.0], [7.0, 4.0]]]);
        let y = MaxPool1D::<2, 3, Slide<1, 2, 0, 1>>::default().forward(x);
        assert_eq!(y.array(), [[[1.0, 9.0], [5.0, 4.0], [7.0, -1.0]]]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 7 * 3).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank3<2, 7, 3>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| {
            MaxPool1D::<3, 2>::default().forward(x.clone().put_tape(tape))
        });
        // Overlapping windows that extend beyond both ends.
        check_gradients(&x, |x, tape| {
            MaxPool1D::<4, 4, Slide<1, 2, 0, 1>>::default().forward(x.clone().put_tape(tape))
        });
    }
}
