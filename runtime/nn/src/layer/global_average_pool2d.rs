//! `GlobalAveragePool2D`: the mean of each channel.

use multi_input_kernel::windows::Plane;

use super::{
    declare::stateless,
    pooling::{PoolAll, Rule},
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[c\] = the mean of x\[c, ..\]: `[C, H, W]` becomes `[C]`.
    ///
    /// `keras.layers.GlobalAveragePooling2D` with `data_format="channels_first"`;
    /// `torch.nn.AdaptiveAvgPool2d(1)` and a flatten.
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::GlobalAveragePool2D;
    ///
    /// let x = Cpu::default().tensor([[[[1.0f32, 2.0], [3.0, 6.0]], [[0.0, 1.0], [2.0, 1.0]]]]);
    /// assert_eq!(GlobalAveragePool2D.forward(x).array(), [[3.0, 1.0]]);
    /// ```
    #[doc(alias = "GlobalAveragePooling2D")]
    #[doc(alias = "AdaptiveAvgPool2d")]
    #[doc(alias = "GlobalAvgPool2D")]
    #[doc(alias = "GlobalAvgPooling2D")]
    #[doc(alias = "AvgPoolGlobal")]
    #[doc(alias = "GlobalAveragePool")]
    #[doc(alias = "GlobalAvgPool")]
    #[doc(alias = "GAP")]
    pub struct GlobalAveragePool2D<>
    forward |_, _| PoolAll { rule: Rule::Mean, plane: Plane::image(C, H, W), mask: None },
    on [const C: usize, const H: usize, const W: usize]
    (Const<C>, Const<H>, Const<W>) => (Const<C>)
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::check_gradients::check_gradients;

    #[test]
    fn each_channel_becomes_its_mean() {
        let x =
            Cpu::default().tensor([[[[1.0, 2.0]], [[-3.0, 7.0]]], [[[0.0, 0.5]], [[4.0, 4.0]]]]);
        assert_eq!(GlobalAveragePool2D.forward(x).array(), [[1.5, 2.0], [0.25, 4.0]]);
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 3 * 2 * 3).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank4<2, 3, 2, 3>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| GlobalAveragePool2D.forward(x.clone().put_tape(tape)));
    }
}
