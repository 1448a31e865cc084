//! One operand of a merge.

use multi_input_kernel::{Flat, Operand};
use smallvec::SmallVec;

use crate::{mask::Mask, missing, tensor::*};

/// One operand of a merge: a tensor of any shape with a batch dimension.
///
/// It shares the tensor's elements and its identity, so its gradient is that of the tensor.
pub struct MergeInput<E: Element, D: Backend<E>> {
    tensor: Flat<E, D>,
    layout: Layout,
}

/// The sizes and masks of an operand.
pub(crate) struct Layout {
    pub(super) batch: usize,
    /// The sizes of one sample.
    pub(super) dims: SmallVec<[usize; 4]>,
    /// For each row whether the operand is present; `None` where it is present in all rows.
    pub(super) present: Option<Vec<bool>>,
    /// The unmasked steps.
    pub(super) mask: Option<Mask>,
}

impl Layout {
    /// Whether the operand is present in row `row`.
    pub(super) fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }
}

impl<E: Element, D: Backend<E>> MergeInput<E, D> {
    /// The tensor as an operand. A tensor that is permuted or broadcast is an error, because the
    /// copy into row-major order belongs on the tape: call `try_contiguous` on the traced tensor.
    pub fn new<S: Shape>(tensor: &Tensor<S, E, D>) -> Result<Self, D::Err> {
        match tensor.shape().concrete().as_ref().split_first() {
            Some((batch, dims)) => {
                let (batch, dims) = (*batch, SmallVec::from_slice(dims));
                let layout = Layout { batch, dims, present: None, mask: None };
                Ok(MergeInput { tensor: D::flatten(tensor)?.in_order()?, layout })
            }
            None => Err(D::size_error()),
        }
    }

    /// This operand, present only in the rows where `presence` is 1; [`average`](super::average)
    /// leaves it out in the other rows.
    pub fn present<B: Dim>(
        mut self,
        presence: &Tensor<(B, Const<1>), E, D>,
    ) -> Result<Self, D::Err> {
        self.layout.present = Some(missing::flags(presence, self.layout.batch)?);
        Ok(self)
    }

    /// This operand with a mask; [`maximum`](super::maximum) and [`minimum`](super::minimum) leave
    /// out masked steps.
    pub fn masked(mut self, mask: &Mask) -> Result<Self, D::Err> {
        match self.dims().first() {
            Some(steps) if mask.covers(self.layout.batch, *steps) => {
                self.layout.mask = Some(mask.clone());
                Ok(self)
            }
            _ => Err(D::size_error()),
        }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn device(&self) -> &D {
        self.tensor.device()
    }

    pub(crate) fn batch(&self) -> usize {
        self.layout.batch
    }

    /// The sizes of one sample.
    pub(crate) fn dims(&self) -> &[usize] {
        &self.layout.dims
    }

    /// The input of an operation.
    pub(crate) fn operand(&self) -> &dyn Operand<E, D> {
        &self.tensor
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::Axis,
        tensor::{Cpu, TensorFrom},
        tensor_ops::{BroadcastTo, PermuteTo},
    };

    use super::*;

    #[test]
    fn a_tensor_out_of_order_or_without_a_batch_is_refused() {
        let device = Cpu::default();
        let x = device.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(MergeInput::new(&x).is_ok());
        assert!(MergeInput::new(&x.permute::<Rank2<3, 2>, _>()).is_err());
        let broadcast = device.tensor([1.0f32, 2.0]).broadcast::<Rank2<2, 2>, Axis<0>>();
        assert!(MergeInput::new(&broadcast).is_err());
        assert!(MergeInput::new(&device.tensor(1.0f32)).is_err());
    }

    #[test]
    fn presence_is_for_every_row() {
        let device = Cpu::default();
        let part = |presence: &Tensor<(usize, Const<1>), f32, Cpu>| {
            MergeInput::new(&device.tensor([[1.0f32], [2.0]])).unwrap().present(presence)
        };
        use dfdx::tensor::ZerosTensor;
        assert!(!part(&device.zeros_like(&(2, Const))).unwrap().layout.is_present(1));
        assert!(part(&device.zeros_like(&(3, Const))).is_err());
    }
}
