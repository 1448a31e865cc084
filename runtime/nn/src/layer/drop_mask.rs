//! `DropMask`: removes the mask of a sequence.

use dfdx::nn::ZeroSizedModule;

use crate::tensor::*;

/// The identity, which removes the mask: the layers that follow treat padded steps as all others.
/// Keras removes a mask implicitly, with a warning, at a layer that does not support masks.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::DropMask;
///
/// let x = Cpu::default().tensor([[[1.0f32], [0.0]]]);
/// assert_eq!(DropMask.forward(x).array(), [[[1.0], [0.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "RemoveMask")]
pub struct DropMask;

impl ZeroSizedModule for DropMask {}
impl NonMutableModule for DropMask {}

impl<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> Module<Tensor<S, E, D, T>> for DropMask {
    type Output = Tensor<S, E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}
