//! `GlobalMaxPool1D`: the largest number of every feature.

use dfdx::nn::ZeroSizedModule;

use super::{
    pooling::{PoolAll, Rule},
    Mask, MaskedModule,
};
use crate::{kernel::windows::Plane, operation::*, tensor::*};

/// y\[c\] = the largest number of x\[.., c\]: `[L, C]` becomes `[C]`. Equal numbers share the
/// gradient, as in Keras on TensorFlow. With a mask it is the largest over the steps that count, and
/// 0 where none does (Keras's knows no masks).
///
/// `keras.layers.GlobalMaxPooling1D`;
/// `torch.amax` over the steps.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::GlobalMaxPool1D;
///
/// let x = Cpu::default().tensor([[[1.0f32, 2.0], [3.0, 6.0], [5.0, 1.0]]]);
/// assert_eq!(GlobalMaxPool1D.forward(x).array(), [[5.0, 6.0]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalMaxPool1D;

impl ZeroSizedModule for GlobalMaxPool1D {}
impl NonMutableModule for GlobalMaxPool1D {}

impl<B: Dim, const L: usize, const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<(B, Const<L>, Const<C>), E, D, T>> for GlobalMaxPool1D
{
    type Output = Tensor<(B, Const<C>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<L>, Const<C>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        let shape = (x.shape().0, Const);
        let operation = PoolAll { rule: Rule::Largest, plane: Plane::steps(L, C), mask: None };
        let (x, tape) = x.split_tape();
        record(&operation, &[&x], shape, x.device(), tape)
    }
}

impl<B: Dim, const L: usize, const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
    MaskedModule<Tensor<(B, Const<L>, Const<C>), E, D, T>> for GlobalMaxPool1D
{
    fn try_forward_masked(
        &self,
        x: Tensor<(B, Const<L>, Const<C>), E, D, T>,
        mask: &Mask,
    ) -> Result<Self::Output, D::Err> {
        let (batch, ..) = *x.shape();
        if !mask.covers(batch.size(), L) {
            return Err(D::size_error());
        }
        let (plane, mask) = (Plane::steps(L, C), Some(mask.clone()));
        let operation = PoolAll { rule: Rule::Largest, plane, mask };
        let (x, tape) = x.split_tape();
        record(&operation, &[&x], (batch, Const), x.device(), tape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradients::check_gradients;
    use dfdx::tensor::{AsArray, Cpu, TensorFrom, TensorFromVec};

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
