//! `DropMask`: from here on all steps count.

use dfdx::nn::ZeroSizedModule;

use crate::tensor::*;

/// The input as it is, whose mask is forgotten: what comes after takes padding for steps as all
/// others. It says on purpose what Keras does on its own, with a warning, where a layer knows no
/// masks.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::DropMask;
///
/// let x = Cpu::default().tensor([[[1.0f32], [0.0]]]);
/// assert_eq!(DropMask.forward(x).array(), [[[1.0], [0.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
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
