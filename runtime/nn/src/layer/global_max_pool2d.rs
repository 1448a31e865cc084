//! `GlobalMaxPool2D`: the maximum of each channel.

use multi_input_kernel::windows::Plane;

use super::{
    declare::stateless,
    pooling::{PoolAll, Rule},
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[c\] = the maximum of x\[c, ..\]: `[C, H, W]` becomes `[C]`. Equal maxima share the
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
    #[doc(alias = "GlobalMaxPooling2D")]
    #[doc(alias = "AdaptiveMaxPool2d")]
    #[doc(alias = "MaxPoolGlobal")]
    #[doc(alias = "GlobalMaxPool")]
    pub struct GlobalMaxPool2D<>
    forward |_, _| PoolAll { rule: Rule::Max, plane: Plane::image(C, H, W), mask: None },
    on [const C: usize, const H: usize, const W: usize]
    (Const<C>, Const<H>, Const<W>) => (Const<C>)
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

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
