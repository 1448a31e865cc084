//! Operations on tensors: what an [`Operation`](super::operation::Operation) needs of dfdx, for all of
//! them at once.

use std::{any::Any, borrow::Cow};

use dfdx::{
    shapes::Shape,
    tensor::{Gradients, PutTape, Tape, Tensor},
};
use smallvec::SmallVec;

use super::{
    flat::{self, Erased, Flat, Input, Operand},
    operation::{
        AnyOperation, Apply, Backward, BackwardPass, ForwardPass, InputGradients, OperationError,
        Workspace,
    },
    Backend,
};
use crate::{element::buffer_pool, Element};

/// Runs `operation` on `inputs` and puts its backward pass on the tape: gives a tensor of `shape`.
///
/// # Errors
/// The device's.
pub fn record<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    operation: &dyn AnyOperation,
    inputs: &[&dyn Operand<E, D>],
    shape: S,
    device: &D,
    mut tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let mut output = Erased::<S, E, D>::None;
    let sizes = shape.concrete();
    record_erased(operation, inputs, (sizes.as_ref(), &mut output), device, &mut tape)?;
    Ok(flat::typed(output)?.put_tape(tape))
}

/// [`record`] for any shape.
fn record_erased<E: Element, D: Backend<E>, T: Tape<E, D>>(
    operation: &dyn AnyOperation,
    inputs: &[&dyn Operand<E, D>],
    (sizes, output): (&[usize], &mut dyn Any),
    device: &D,
    tape: &mut T,
) -> Result<(), D::Err> {
    let recorded = device.run(operation, inputs, (sizes, output), T::OWNS_TAPE)?;
    if let Some(recorded) = recorded {
        tape.add_backward_op(move |gradients| D::run_back(recorded, gradients));
    }
    Ok(())
}

/// As many inputs as most operations have.
const FEW: usize = 4;

/// An operation that has run and waits for the gradient of its output. It is handed on several times
/// before it lies on the tape, so it is no larger than a pointer.
pub struct Recorded<E: Element, D: Backend<E>>(Box<Kept<E, D>>);

struct Kept<E: Element, D: Backend<E>> {
    inputs: SmallVec<[Input<E, D>; FEW]>,
    output: Flat<E, D>,
    overwrites: bool,
    backward: Backward<E>,
}

/// [`Backend::run`].
pub(super) fn run<E: Element, D: Backend<E>>(
    device: &D,
    operation: &dyn Apply<E>,
    operands: &[&dyn Operand<E, D>],
    (sizes, result): (&[usize], &mut dyn Any),
    records: bool,
) -> Result<Option<Recorded<E, D>>, D::Err> {
    if !records {
        let values: Values<'_, E> = operands.iter().map(|operand| D::elements(*operand)).collect();
        let mut write =
            |output: &mut [E]| apply(device, operation, &values, output, records).map(drop);
        return device.write(&mut write, sizes, result).map(|()| None);
    }
    let overwrites = operation.overwrites();
    let mut output = output_of(device, sizes.iter().product(), overwrites)?;
    // Whatever the backward pass needs of the operands holds their elements too.
    let inputs = operands.iter().map(|operand| D::flatten(*operand));
    let inputs = inputs.collect::<Result<SmallVec<[Input<E, D>; FEW]>, _>>()?;
    let values: Values<'_, E> = inputs.iter().map(Input::values).collect();
    let write = |output: &mut [E]| apply(device, operation, &values, output, records);
    let backward = D::edit(&mut output, write).map_err(D::operation_error)?;
    drop(values);
    D::unflatten(output.clone(), sizes, result)?;
    let kept = |backward| Recorded(Box::new(Kept { inputs, output, overwrites, backward }));
    Ok(backward.map(kept))
}

/// The elements of every input.
type Values<'a, E> = SmallVec<[Cow<'a, [E]>; FEW]>;

/// A row for an output: of zeros, unless the operation overwrites whatever is in it.
fn output_of<E: Element, D: Backend<E>>(
    device: &D,
    len: usize,
    overwrites: bool,
) -> Result<Flat<E, D>, D::Err> {
    if let Some(buffer) = overwrites.then(|| buffer_pool::kept(len)).flatten() {
        return device.try_tensor_from_vec(buffer, (len,));
    }
    device.try_zeros_like(&(len,))
}

/// The forward pass of an operation.
fn apply<E: Element, D: Backend<E>>(
    device: &D,
    operation: &dyn Apply<E>,
    inputs: &[Cow<'_, [E]>],
    output: &mut [E],
    records: bool,
) -> Result<Option<Backward<E>>, OperationError> {
    if cfg!(debug_assertions) && operation.overwrites() {
        // An operation that takes them for zeros shall be seen in the tests.
        output.fill(E::nan());
    }
    operation.apply(ForwardPass { inputs, output, workspace: &OnDevice(device), records })
}

/// [`Backend::run_back`].
pub(super) fn run_back<E: Element, D: Backend<E>>(
    recorded: Recorded<E, D>,
    gradients: &mut Gradients<E, D>,
) -> Result<(), D::Err> {
    let Kept { inputs, output, overwrites, backward } = *recorded.0;
    let mut gradient = D::take_gradient(gradients, &output)?;
    let values: Values<'_, E> = inputs.iter().map(Input::values).collect();
    let pass = BackwardPass {
        inputs: &values,
        output: &D::values(&output),
        gradient: &mut gradient,
        workspace: &OnDevice(output.device()),
    };
    let mut failed = Ok(());
    let mut edit = |input: usize, change: &mut dyn FnMut(&mut [E])| {
        let edited = inputs[input].edit_gradient(gradients, change);
        edited.map_err(|error| {
            failed = Err(error);
            OperationError::Memory
        })
    };
    let done = backward(pass, &mut InputGradients(&mut edit));
    failed?;
    done.map_err(D::operation_error)?;
    match overwrites {
        true => D::release_gradient(gradients, &output, gradient),
        false => D::restore_gradient(gradients, &output, gradient),
    }
}

/// A device's memory without the type of the device.
struct OnDevice<'a, D>(&'a D);

impl<E: Element, D: Backend<E>> Workspace<E> for OnDevice<'_, D> {
    fn acquire_zeroed(&self, len: usize) -> Result<Vec<E>, OperationError> {
        self.0.acquire_zeroed(len).map_err(|_| OperationError::Memory)
    }

    fn release(&self, buffer: Vec<E>) {
        self.0.release(buffer);
    }

    fn acquire_uninitialised(&self, len: usize) -> Result<Vec<E>, OperationError> {
        self.0.acquire_uninitialised(len).map_err(|_| OperationError::Memory)
    }

    fn release_uninitialised(&self, buffer: Vec<E>) {
        self.0.release_uninitialised(buffer);
    }

    fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, OperationError> {
        self.0.acquire_bytes(len).map_err(|_| OperationError::Memory)
    }

    fn release_bytes(&self, marks: Vec<u8>) {
        self.0.release_bytes(marks);
    }
}
