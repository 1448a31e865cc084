//! The names that every operation needs.

pub(crate) use crate::kernel::{
    indices,
    operation::{
        compiled, AnyOperation, BackwardPass, ForwardPass, InputGradients, Operation,
        OperationError, Workspace,
    },
    record, reshape, Operand,
};
