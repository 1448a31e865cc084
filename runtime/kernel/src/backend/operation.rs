//! Operations on slices, compiled once for each dtype, without tensors and tapes.
//!
//! A layer or a merge is an [`Operation`]: sizes as fields, a forward pass over slices, and a
//! backward pass that adds to the gradients of the inputs. No shape types occur here, so the code
//! is compiled in this crate and not in the user's. `compiled!` marks a type as such an operation.

use std::borrow::Cow;

use super::Element;

/// A differentiable operation on slices, for every dtype. `torch.autograd.Function`.
pub trait Operation: Clone + 'static {
    /// State of the backward pass besides the inputs and the output.
    type Saved<E: Element>: 'static;

    /// Whether the forward pass writes every element of the output, which then need not be cleared
    /// first.
    const OVERWRITES: bool = false;

    /// Computes the output. It contains zeros before, unless the operation
    /// [overwrites](Operation::OVERWRITES) it.
    ///
    /// # Errors
    /// For sizes that do not fit, or without memory.
    fn forward<E: Element>(
        &self,
        pass: ForwardPass<'_, E>,
    ) -> Result<Self::Saved<E>, OperationError>;

    /// Adds to the gradients of the inputs, given the gradient of the output.
    ///
    /// # Errors
    /// As [`forward`](Operation::forward).
    fn backward<E: Element>(
        &self,
        saved: Self::Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError>;
}

/// Arguments of a forward pass.
pub struct ForwardPass<'a, E: Element> {
    /// The elements of every input, in row-major order.
    pub inputs: &'a [Cow<'a, [E]>],
    /// The elements of the output.
    pub output: &'a mut [E],
    /// Source of buffers.
    pub workspace: &'a dyn Workspace<E>,
    /// Whether a backward pass will follow.
    pub records: bool,
}

/// Arguments of a backward pass.
pub struct BackwardPass<'a, E: Element> {
    /// The elements of every input, in row-major order.
    pub inputs: &'a [Cow<'a, [E]>],
    /// The elements of the output.
    pub output: &'a [E],
    /// The gradient of the loss with respect to the output. The operation may overwrite it.
    pub gradient: &'a mut [E],
    /// Source of buffers.
    pub workspace: &'a dyn Workspace<E>,
}

/// The gradients of the inputs of an operation.
pub struct InputGradients<'a, E>(pub(super) &'a mut EditGradient<'a, E>);

/// Passes the gradient of the input with the given index to a function.
pub type EditGradient<'a, E> =
    dyn FnMut(usize, &mut dyn FnMut(&mut [E])) -> Result<(), OperationError> + 'a;

impl<E: Element> InputGradients<'_, E> {
    /// Lets `change` add to the gradient of the input with the given index.
    pub fn edit(
        &mut self,
        input: usize,
        mut change: impl FnMut(&mut [E]),
    ) -> Result<(), OperationError> {
        (self.0)(input, &mut change)
    }

    /// Adds `sums`, one per element, to the gradient of the input with the given index.
    pub fn add(&mut self, input: usize, sums: &[E]) -> Result<(), OperationError> {
        self.edit(input, |gradient| {
            gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum);
        })
    }
}

/// The reason why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationError {
    /// Memory allocation failed.
    Memory,
    /// Sizes do not fit together, or an index is out of range.
    Size,
    /// A sum over the shards of a batch failed.
    Shards,
    /// A row of a table is held by another machine and was not fetched.
    NotFetched,
}

/// Recycled buffers. The methods are those of [`Backend`](super::Backend) with the same names.
pub trait Workspace<E> {
    /// Acquires a buffer of zeros.
    fn acquire_zeroed(&self, len: usize) -> Result<Vec<E>, OperationError>;
    /// Releases a buffer.
    fn release(&self, buffer: Vec<E>);
    /// Acquires a buffer with arbitrary content.
    fn acquire_uninitialised(&self, len: usize) -> Result<Vec<E>, OperationError>;
    /// Releases a buffer for [`acquire_uninitialised`](Workspace::acquire_uninitialised).
    fn release_uninitialised(&self, buffer: Vec<E>);
    /// Acquires a buffer of zero bytes.
    fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, OperationError>;
    /// Releases a buffer of bytes.
    fn release_bytes(&self, bytes: Vec<u8>);
}

/// A trait object of an [`Operation`] for one dtype.
pub trait Apply<E: Element> {
    /// [`Operation::OVERWRITES`].
    #[doc(hidden)]
    fn overwrites(&self) -> bool;
    /// Runs the forward pass. If it records, returns the backward pass.
    #[doc(hidden)]
    fn apply(&self, pass: ForwardPass<'_, E>) -> Result<Option<Backward<E>>, OperationError>;
}

/// A backward pass, to be called with the gradient of the output.
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

/// A trait object of an operation for every dtype.
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

/// Compiles operations in this crate for every dtype. The generated functions are not generic, so
/// their code belongs to this crate. They are `#[inline(never)]`: inlined into another crate, the
/// code that they name would be compiled there.
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
