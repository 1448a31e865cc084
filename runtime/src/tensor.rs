//! The names of dfdx that every operation needs, and the one of ours that goes with them.

pub(crate) use dfdx::{
    nn::{
        tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions},
        Module, ModuleMut, NonMutableModule,
    },
    shapes::{Const, Dim, Dtype, HasShape, Rank1, Rank2, Shape},
    tensor::{Gradients, NoneTape, OwnedTape, PutTape, SplitTape, Storage, Tape, Tensor},
    tensor_ops::{Device, ReshapeTo},
};

pub(crate) use crate::kernel::{Backend, Element};
