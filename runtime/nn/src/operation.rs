//! The names that every operation needs.

pub(crate) use multi_input_kernel::{
    compiled, indices,
    operation::{
        AnyOperation, BackwardPass, ForwardPass, InputGradients, Operation, OperationError,
        Workspace,
    },
    record, reshape, Operand,
};
