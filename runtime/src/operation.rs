//! The names that every operation needs.

pub(crate) use crate::kernel::{
    indices,
    operation::{compiled, BackwardPass, ForwardPass, InputGradients, Operation, OperationError},
    record, reshape, Operand,
};
