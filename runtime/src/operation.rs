//! The names that every operation needs.

pub(crate) use crate::kernel::{
    operation::{compiled, BackwardPass, ForwardPass, InputGradients, Operation, OperationError},
    record, Operand,
};
