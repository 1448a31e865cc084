//! What an operation is below tensors and tapes: loops over slices, compiled once for each dtype.
//!
//! A layer or a merge describes what it does as an [`Operation`]: sizes that it was given, a forward
//! pass over slices, and a backward pass that adds to the gradients of what flowed in. Nothing here
//! knows of shapes in types, so it is compiled in this crate and not in that of whoever names the
//! sizes. `compiled!` says so of a type.

use std::borrow::Cow;

use super::Element;

/// An operation on slices, whatever the dtype.
pub trait Operation: Clone + 'static {
    /// What the backward pass needs besides the inputs and the output.
    type Saved<E: Element>: 'static;

    /// Whether the forward pass writes every number of the output, so that the memory of it need not
    /// be cleared before.
    const OVERWRITES: bool = false;

    /// Computes the output, which holds zeros before unless the operation
    /// [overwrites](Operation::OVERWRITES) it.
    fn forward<E: Element>(
        &self,
        pass: ForwardPass<'_, E>,
    ) -> Result<Self::Saved<E>, OperationError>;

    /// Adds to the gradients of the inputs, given that of the output.
    fn backward<E: Element>(
        &self,
        saved: Self::Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError>;
}

/// What a forward pass works on.
pub struct ForwardPass<'a, E: Element> {
    /// The elements of every input, in order.
    pub inputs: &'a [Cow<'a, [E]>],
    /// The elements of the output, to be written.
    pub output: &'a mut [E],
    /// Where memory comes from.
    pub workspace: &'a dyn Workspace<E>,
    /// Whether a backward pass will follow.
    pub records: bool,
}

/// What a backward pass works on.
pub struct BackwardPass<'a, E: Element> {
    /// The elements of every input, in order.
    pub inputs: &'a [Cow<'a, [E]>],
    /// The elements of the output.
    pub output: &'a [E],
    /// The gradient by the output. The operation may leave anything in it.
    pub gradient: &'a mut [E],
    /// Where memory comes from.
    pub workspace: &'a dyn Workspace<E>,
}

/// The gradients by the inputs of an operation.
pub struct InputGradients<'a, E>(pub(super) &'a mut EditGradient<'a, E>);

/// Lends the gradient by the input of a number.
pub type EditGradient<'a, E> =
    dyn FnMut(usize, &mut dyn FnMut(&mut [E])) -> Result<(), OperationError> + 'a;

impl<E: Element> InputGradients<'_, E> {
    /// Lets `change` add to the gradient by the input of a number.
    pub fn edit(
        &mut self,
        input: usize,
        mut change: impl FnMut(&mut [E]),
    ) -> Result<(), OperationError> {
        (self.0)(input, &mut change)
    }

    /// Adds `sums`, one for each element, to the gradient by the input of a number.
    pub fn add(&mut self, input: usize, sums: &[E]) -> Result<(), OperationError> {
        self.edit(input, |gradient| {
            gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum);
        })
    }
}

/// Why an operation cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationError {
    /// There is no memory for it.
    Memory,
    /// Sizes do not fit one another, or an index lies beyond its table.
    Size,
}

/// Memory that is used again from step to step. See [`Backend`](super::Backend), whose methods of
/// these names it stands for.
pub trait Workspace<E> {
    /// A buffer of zeros.
    fn acquire_zeroed(&self, len: usize) -> Result<Vec<E>, OperationError>;
    /// Gives a buffer back.
    fn release(&self, buffer: Vec<E>);
    /// A buffer that holds anything.
    fn acquire_uninitialised(&self, len: usize) -> Result<Vec<E>, OperationError>;
    /// Gives it back.
    fn release_uninitialised(&self, buffer: Vec<E>);
    /// A buffer of zeros for what an operation remembers of its places.
    fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, OperationError>;
    /// Gives it back.
    fn release_bytes(&self, bytes: Vec<u8>);
}

/// An [`Operation`] on a dtype, as an object.
pub trait Apply<E: Element> {
    /// Whether the output's memory need not be cleared.
    #[doc(hidden)]
    fn overwrites(&self) -> bool;
    /// The forward pass; where it records, also the backward pass that goes with it.
    #[doc(hidden)]
    fn apply(&self, pass: ForwardPass<'_, E>) -> Result<Option<Backward<E>>, OperationError>;
}

/// A backward pass that waits for the gradient of its output.
pub type Backward<E> =
    Box<dyn FnOnce(BackwardPass<'_, E>, &mut InputGradients<'_, E>) -> Result<(), OperationError>>;

impl<E: Element, O: Operation> Apply<E> for O {
    fn overwrites(&self) -> bool {
        O::OVERWRITES
    }

    fn apply(&self, pass: ForwardPass<'_, E>) -> Result<Option<Backward<E>>, OperationError> {
        let records = pass.records;
        let saved = self.forward(pass)?;
        if !records {
            return Ok(None);
        }
        let operation = self.clone();
        Ok(Some(Box::new(move |pass, gradients| operation.backward(saved, pass, gradients))))
    }
}

/// An operation on any dtype, as an object.
pub trait AnyOperation {
    /// The operation on `f32`.
    #[doc(hidden)]
    fn on_f32(&self) -> &dyn Apply<f32>;
    /// The operation on `f64`.
    #[doc(hidden)]
    fn on_f64(&self) -> &dyn Apply<f64>;
}

impl crate::ByDtype for dyn AnyOperation + '_ {
    type Of<'a, E: Element>
        = &'a dyn Apply<E>
    where
        Self: 'a;

    fn on_f32(&self) -> &dyn Apply<f32> {
        AnyOperation::on_f32(self)
    }

    fn on_f64(&self) -> &dyn Apply<f64> {
        AnyOperation::on_f64(self)
    }
}

/// Compiles operations here, for every dtype: the functions below are no generic ones, so the code
/// that they name belongs to this crate. Inlined elsewhere, which the compiler does on its own with
/// functions as short as these, they would take it along.
#[macro_export]
macro_rules! compiled {
    ($($operation:ty),+ $(,)?) => {$(
        impl $crate::backend::operation::AnyOperation for $operation {
            #[inline(never)]
            fn on_f32(&self) -> &dyn $crate::backend::operation::Apply<f32> {
                self
            }
            #[inline(never)]
            fn on_f64(&self) -> &dyn $crate::backend::operation::Apply<f64> {
                self
            }
        }
    )+};
}
