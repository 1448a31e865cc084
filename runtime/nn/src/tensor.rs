//! The names of dfdx that every operation needs, and the one of ours that goes with them.

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

// Operations are generic over the tape; it is their tests that name one.
#[allow(unused_imports)]
pub(crate) use dfdx::tensor::{NoneTape, OwnedTape};

pub(crate) use multi_input_kernel::{Backend, Element};

/// What dfdx tells tensors apart by. It says so to optimizers alone, in a list of those it missed.
pub(crate) fn id<S: Shape, E: Element, D: Backend<E>>(tensor: &Tensor<S, E, D>) -> UniqueId {
    let mut list = UnusedTensors::default();
    list.add(tensor);
    list.ids[0]
}
