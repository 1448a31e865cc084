//! The names of dfdx that every operation needs, and `id`.

pub(crate) use dfdx::{
    nn::{
        tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions},
        Module, ModuleMut, NonMutableModule,
    },
    shapes::{Const, Dim, Dtype, HasShape, Rank1, Rank2, Rank3, Rank4, Shape},
    tensor::{Gradients, HasErr, PutTape, SplitTape, Storage, Tape, Tensor, ZerosTensor},
    tensor_ops::{Device, ReshapeTo},
};
use dfdx::{optim::UnusedTensors, tensor::UniqueId};

// Operations are generic over the tape; only their tests name these.
#[allow(unused_imports)]
pub(crate) use dfdx::tensor::{NoneTape, OwnedTape};

pub(crate) use multi_input_kernel::{Backend, Element};

/// dfdx's id of a tensor. The only way to read it is the list of tensors that an optimizer did not
/// update.
pub fn id<S: Shape, E: Element, D: Backend<E>>(tensor: &Tensor<S, E, D>) -> UniqueId {
    let mut list = UnusedTensors::default();
    list.add(tensor);
    list.ids[0]
}
