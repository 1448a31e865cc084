//! `GlobalMaxPool1D`: the maximum of each feature.

use multi_input_kernel::windows::Plane;

use super::{
    declare::stateless,
    pooling::{PoolAll, Rule},
};
use crate::{operation::*, tensor::*};

stateless! {
    /// y\[c\] = the maximum of x\[.., c\]: `[L, C]` becomes `[C]`. Equal maxima share the gradient,
    /// as in Keras on TensorFlow. With a mask it is the maximum over the unmasked steps, and 0
    /// where all steps are masked (the Keras layer does not support masks).
    ///
    /// `keras.layers.GlobalMaxPooling1D`; `torch.amax` over the steps.
    ///
    /// ```
    /// use dfdx::{nn::Module, prelude::*};
    /// use multi_input::layer::GlobalMaxPool1D;
    ///
    /// let x = Cpu::default().tensor([[[1.0f32, 2.0], [3.0, 6.0], [5.0, 1.0]]]);
    /// assert_eq!(GlobalMaxPool1D.forward(x).array(), [[5.0, 6.0]]);
    /// ```
    #[doc(alias = "GlobalMaxPooling1D")]
    #[doc(alias = "AdaptiveMaxPool1d")]
    pub struct GlobalMaxPool1D<>
    forward |_, mask| PoolAll {
        rule: Rule::Max,
        plane: Plane::steps(L, C),
        mask: mask.cloned(),
    },
    on [const L: usize, const C: usize] (Const<L>, Const<C>) => (Const<C>), masked
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

    use super::*;
    use crate::{
        check_gradients::check_gradients,
        layer::{Mask, MaskedModule},
    };

    #[test]
    fn each_feature_becomes_its_largest() {
        let x = Cpu::default().tensor([[[1.0, 2.0], [2.0, -4.0]], [[0.5, 0.0], [1.5, 9.0]]]);
        assert_eq!(GlobalMaxPool1D.forward(x).array(), [[2.0, 2.0], [1.5, 9.0]]);
    }

    #[test]
    fn masked_steps_do_not_count() {
        let x = Cpu::default().tensor([[[-1.0, 2.0], [f64::NAN, 7.0]], [[0.5, 0.0], [1.5, 9.0]]]);
        let mask = Mask::new(2, vec![true, false, false, false]);
        let y = GlobalMaxPool1D.try_forward_masked(x.clone(), &mask).unwrap().array();
        assert_eq!(y, [[-1.0, 2.0], [0.0, 0.0]]);
        assert!(GlobalMaxPool1D.try_forward_masked(x, &Mask::all(1, 2)).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let numbers = (0..2 * 5 * 3).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let x: Tensor<Rank3<2, 5, 3>, f64, Cpu> =
            Cpu::default().tensor_from_vec(numbers, Default::default());
        check_gradients(&x, |x, tape| GlobalMaxPool1D.forward(x.clone().put_tape(tape)));
        let mask = Mask::new(5, (0..10).map(|step| step % 3 == 1).collect());
        check_gradients(&x, |x, tape| {
            GlobalMaxPool1D.try_forward_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
    }
}
