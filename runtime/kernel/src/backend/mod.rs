//! The border to dfdx: tensors as slices, and operations on slices as operations on tensors.

mod emptied;
mod flat;
pub mod operation;
mod record;
mod sizes;
mod view;

use std::{any::Any, borrow::Cow, rc::Rc};

use dfdx::{
    shapes::{Shape, Unit},
    tensor::{Cache, Cpu, CpuError, Gradients, Storage, Tensor},
    tensor_ops::Device,
};

use self::{
    emptied::{take, ForgetGuard},
    operation::{AnyOperation, OperationError},
};
pub use self::{
    flat::{indices, reshape, AnyTensor, Flat, Input, Operand},
    record::{record, Recorded},
};
use crate::element::{
    buffer_pool::{self, PoolGuard},
    Element,
};

/// A device whose tensors and gradients can be read and written as slices.
///
/// Functions that take a `Tensor` require a contiguous one. The callers use `try_contiguous`, which
/// copies only non-contiguous tensors.
pub trait Backend<E: Element>: Device<E> + Cache + Send + Sync {
    /// A device of the same kind with a random state of its own, seeded with `seed`.
    fn seeded(&self, seed: u64) -> Self;

    /// The error for tensors of wrong sizes and for indices out of range.
    fn size_error() -> Self::Err;

    /// Converts the error of an operation into the device's.
    #[doc(hidden)]
    fn operation_error(error: OperationError) -> Self::Err;

    /// The elements of an operand in row-major order.
    #[doc(hidden)]
    fn elements<'a>(operand: &'a dyn Operand<E, Self>) -> Cow<'a, [E]>;

    /// Flattens an operand.
    #[doc(hidden)]
    fn flatten(operand: &dyn Operand<E, Self>) -> Result<Input<E, Self>, Self::Err>;

    /// Reshapes a flat tensor to `sizes`. `to` is an `Option<Tensor<Sizes<_>, E, Self>>` that
    /// receives the result.
    #[doc(hidden)]
    fn unflatten(flat: Flat<E, Self>, sizes: &[usize], to: &mut dyn Any) -> Result<(), Self::Err>;

    /// Reshapes an operand into `to`, as [`unflatten`](Backend::unflatten) does. For a
    /// non-contiguous operand, returns the input that [`reshape_back`](Backend::reshape_back)
    /// needs.
    #[doc(hidden)]
    fn reshape(
        operand: &dyn Operand<E, Self>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Result<Option<Input<E, Self>>, Self::Err>;

    /// The backward pass of [`reshape`](Backend::reshape) for a non-contiguous tensor.
    #[doc(hidden)]
    fn reshape_back(
        input: Input<E, Self>,
        gradients: &mut Gradients<E, Self>,
    ) -> Result<(), Self::Err>;

    /// The category indices of a tensor of shape [`Sizes`](sizes::Sizes); `None` where it is not
    /// contiguous.
    #[doc(hidden)]
    fn index_row(rank: usize, tensor: &dyn Any) -> Option<Rc<[usize]>>;

    /// Creates a tensor of zeros, passes its elements to `write`, and stores it in `to` as
    /// [`unflatten`](Backend::unflatten) does.
    #[doc(hidden)]
    fn write(
        &self,
        write: &mut dyn FnMut(&mut [E]) -> Result<(), OperationError>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Result<(), Self::Err>;

    /// Swaps the gradient of a contiguous operand with `other`. A missing gradient counts as zeros.
    ///
    /// # Errors
    /// The device's, and for a non-contiguous operand.
    fn swap_gradient(
        gradients: &mut Gradients<E, Self>,
        operand: &dyn Operand<E, Self>,
        other: &mut Vec<E>,
    ) -> Result<(), Self::Err>;

    /// The memory of a tensor's gradient.
    #[doc(hidden)]
    fn gradient<'a, S: Shape>(
        gradients: &'a mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
    ) -> Result<&'a mut Vec<E>, Self::Err>;

    /// Changes the elements of a tensor of shape [`Sizes`](sizes::Sizes) in place.
    #[doc(hidden)]
    fn edit_erased(rank: usize, tensor: &mut dyn Any, change: &mut dyn FnMut(&mut [E]));

    /// Runs an operation on `inputs`. The output has the given sizes and is stored as
    /// [`unflatten`](Backend::unflatten) does. If `records` is set, returns the state of the
    /// backward pass.
    #[doc(hidden)]
    fn run(
        &self,
        operation: &dyn AnyOperation,
        inputs: &[&dyn Operand<E, Self>],
        output: (&[usize], &mut dyn Any),
        records: bool,
    ) -> Result<Option<Recorded<E, Self>>, Self::Err>;

    /// Runs the backward pass of an operation.
    #[doc(hidden)]
    fn run_back(
        recorded: Recorded<E, Self>,
        gradients: &mut Gradients<E, Self>,
    ) -> Result<(), Self::Err>;

    /// Acquires a buffer of zeros.
    fn acquire_zeroed(&self, len: usize) -> Result<Vec<E>, Self::Err>;

    /// Releases a buffer that did not become part of a tensor.
    fn release(&self, buffer: Vec<E>);

    /// Acquires a buffer with arbitrary content, for outputs that are overwritten completely.
    fn acquire_uninitialised(&self, len: usize) -> Result<Vec<E>, Self::Err>;

    /// Releases a buffer for [`acquire_uninitialised`](Backend::acquire_uninitialised).
    fn release_uninitialised(&self, buffer: Vec<E>);

    /// Acquires a buffer of zeros for category indices. A dropped tensor returns its buffer to the
    /// device, so index buffers from elsewhere would accumulate in the device's cache.
    fn acquire_indices(&self, len: usize) -> Result<Vec<usize>, Self::Err>;

    /// Acquires a buffer of zero bytes, for the argmax of pooling windows and similar state.
    fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, Self::Err>;

    /// Releases a buffer of bytes.
    fn release_bytes(&self, bytes: Vec<u8>);

    /// A device that recycles memory, for one run on this thread. First access to fresh memory
    /// costs more than the arithmetic on it.
    fn recycling(&self) -> Result<Recycling<Self>, Self::Err>;

    /// Whether the elements are in row-major order without gaps or repetition.
    fn is_contiguous<S: Shape, X: Unit, T>(tensor: &Tensor<S, X, Self, T>) -> bool
    where
        Self: Storage<X>;

    /// The elements of a contiguous tensor.
    fn values<S: Shape, T>(tensor: &Tensor<S, E, Self, T>) -> Cow<'_, [E]>;

    /// The category indices of a contiguous tensor.
    fn indices<S: Shape, T>(tensor: &Tensor<S, usize, Self, T>) -> Cow<'_, [usize]>;

    /// Changes the elements of a contiguous tensor in place. The tensor keeps its id.
    fn edit<S: Shape, R>(tensor: &mut Tensor<S, E, Self>, change: impl FnOnce(&mut [E]) -> R) -> R;

    /// Reads or changes the gradient of `tensor`. A missing gradient is created as zeros.
    fn edit_gradient<S: Shape, R>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        change: impl FnOnce(&mut [E]) -> R,
    ) -> Result<R, Self::Err>;

    /// Takes the gradient of an operation's output, so that the gradients of its inputs can be
    /// edited while it is read. Return it with [`restore_gradient`](Backend::restore_gradient).
    fn take_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
    ) -> Result<Vec<E>, Self::Err>;

    /// Returns a gradient that was taken with [`take_gradient`](Backend::take_gradient).
    fn restore_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        gradient: Vec<E>,
    ) -> Result<(), Self::Err>;

    /// Ends the use of a taken gradient whose operation overwrites its output: the memory goes to
    /// the pool of uninitialised buffers, for an output of the next step. The memory of the output
    /// itself returns to the device.
    fn release_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        gradient: Vec<E>,
    ) -> Result<(), Self::Err>;
}

/// A device that recycles memory during the guard's lifetime. See [`Backend::recycling`].
#[derive(Debug)]
pub struct Recycling<D: Cache> {
    device: D,
    // Dropped after `Drop::drop` has disabled the cache.
    _forget_guard: ForgetGuard,
    _pool_guard: PoolGuard,
}

impl<D: Cache> Recycling<D> {
    fn new(device: D, forget_guard: ForgetGuard) -> Result<Self, D::Err> {
        device.try_enable_cache()?;
        Ok(Recycling { device, _forget_guard: forget_guard, _pool_guard: PoolGuard::new() })
    }
}

impl<D: Cache> std::ops::Deref for Recycling<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.device
    }
}

impl<D: Cache> Drop for Recycling<D> {
    fn drop(&mut self) {
        // This fails on no existing device. After a failure the memory is still owned by the cache.
        let _ = self.device.try_disable_cache();
    }
}

// A macro instead of a generic impl: dfdx does not export the storage type of `Cpu`, so the
// compiler knows that it is a vector only for a concrete dtype.
macro_rules! cpu_backend {
    ($($element:ty),+) => {$(
        impl Backend<$element> for Cpu {
            fn seeded(&self, seed: u64) -> Self {
                Cpu::seed_from_u64(seed)
            }

            fn recycling(&self) -> Result<Recycling<Self>, CpuError> {
                let device = Backend::<$element>::seeded(self, 0);
                let forget_guard = ForgetGuard::new(&device)?;
                Recycling::new(device, forget_guard)
            }

            fn size_error() -> CpuError {
                CpuError::WrongNumElements
            }

            #[inline(never)]
            fn operation_error(error: OperationError) -> CpuError {
                match error {
                    OperationError::Memory => CpuError::OutOfMemory,
                    // dfdx has no better variant. The scope of the shards has the reason.
                    OperationError::Size | OperationError::Shards | OperationError::NotFetched => CpuError::WrongNumElements,
                }
            }

            #[inline(never)]
            fn elements<'a>(operand: &'a dyn Operand<$element, Self>) -> Cow<'a, [$element]> {
                flat::elements(operand)
            }

            #[inline(never)]
            fn flatten(
                operand: &dyn Operand<$element, Self>,
            ) -> Result<Input<$element, Self>, CpuError> {
                flat::flatten(operand)
            }

            #[inline(never)]
            fn unflatten(
                flat: Flat<$element, Self>,
                sizes: &[usize],
                to: &mut dyn Any,
            ) -> Result<(), CpuError> {
                flat::unflatten(flat, sizes, to)
            }

            #[inline(never)]
            fn reshape(
                operand: &dyn Operand<$element, Self>,
                sizes: &[usize],
                to: &mut dyn Any,
            ) -> Result<Option<Input<$element, Self>>, CpuError> {
                flat::reshape_to(operand, sizes, to)
            }

            #[inline(never)]
            fn reshape_back(
                input: Input<$element, Self>,
                gradients: &mut Gradients<$element, Self>,
            ) -> Result<(), CpuError> {
                flat::reshape_back(input, gradients)
            }

            #[inline(never)]
            fn index_row(rank: usize, tensor: &dyn Any) -> Option<Rc<[usize]>> {
                flat::index_row(rank, tensor)
            }

            #[inline(never)]
            fn write(
                &self,
                write: &mut dyn FnMut(&mut [$element]) -> Result<(), OperationError>,
                sizes: &[usize],
                to: &mut dyn Any,
            ) -> Result<(), CpuError> {
                flat::write(self, write, sizes, to)
            }

            #[inline(never)]
            fn swap_gradient(
                gradients: &mut Gradients<$element, Self>,
                operand: &dyn Operand<$element, Self>,
                other: &mut Vec<$element>,
            ) -> Result<(), CpuError> {
                flat::swap_gradient(gradients, operand, other)
            }

            fn gradient<'a, S: Shape>(
                gradients: &'a mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
            ) -> Result<&'a mut Vec<$element>, CpuError> {
                Ok(&mut **gradients.get_or_alloc_mut(tensor)?)
            }

            #[inline(never)]
            fn edit_erased(
                rank: usize,
                tensor: &mut dyn Any,
                change: &mut dyn FnMut(&mut [$element]),
            ) {
                flat::edit_erased(rank, tensor, change);
            }

            #[inline(never)]
            fn run(
                &self,
                operation: &dyn AnyOperation,
                inputs: &[&dyn Operand<$element, Self>],
                output: (&[usize], &mut dyn Any),
                records: bool,
            ) -> Result<Option<Recorded<$element, Self>>, CpuError> {
                record::run(self, <$element>::of_dtype(operation), inputs, output, records)
            }

            #[inline(never)]
            fn run_back(
                recorded: Recorded<$element, Self>,
                gradients: &mut Gradients<$element, Self>,
            ) -> Result<(), CpuError> {
                record::run_back(recorded, gradients)
            }

            fn acquire_zeroed(&self, len: usize) -> Result<Vec<$element>, CpuError> {
                Ok(take::<$element>(Storage::<$element>::try_alloc_len(self, len)?))
            }

            fn release(&self, buffer: Vec<$element>) {
                // A dropped storage returns its memory to its device.
                if let Ok(mut storage) = Storage::<$element>::try_alloc_len(self, 0) {
                    *storage = buffer;
                }
            }

            fn acquire_uninitialised(&self, len: usize) -> Result<Vec<$element>, CpuError> {
                buffer_pool::take(len, |len| Backend::<$element>::acquire_zeroed(self, len))
            }

            fn release_uninitialised(&self, buffer: Vec<$element>) {
                if let Err(buffer) = buffer_pool::put(buffer) {
                    self.release(buffer);
                }
            }

            fn acquire_indices(&self, len: usize) -> Result<Vec<usize>, CpuError> {
                Ok(take::<usize>(Storage::<usize>::try_alloc_len(self, len)?))
            }

            fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, CpuError> {
                Ok(take::<u8>(Storage::<u8>::try_alloc_len(self, len)?))
            }

            fn release_bytes(&self, bytes: Vec<u8>) {
                if let Ok(mut storage) = Storage::<u8>::try_alloc_len(self, 0) {
                    *storage = bytes;
                }
            }

            fn is_contiguous<S: Shape, X: Unit, T>(tensor: &Tensor<S, X, Self, T>) -> bool {
                view::is_contiguous(tensor)
            }

            fn values<S: Shape, T>(tensor: &Tensor<S, $element, Self, T>) -> Cow<'_, [$element]> {
                Cow::Borrowed(view::slice(tensor))
            }

            fn indices<S: Shape, T>(tensor: &Tensor<S, usize, Self, T>) -> Cow<'_, [usize]> {
                Cow::Borrowed(view::slice(tensor))
            }

            fn edit<S: Shape, R>(tensor: &mut Tensor<S, $element, Self>, change: impl FnOnce(&mut [$element]) -> R) -> R {
                change(view::slice_mut(tensor))
            }

            fn edit_gradient<S: Shape, R>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
                change: impl FnOnce(&mut [$element]) -> R,
            ) -> Result<R, CpuError> {
                Ok(change(gradients.get_or_alloc_mut(tensor)?))
            }

            fn take_gradient<S: Shape>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
            ) -> Result<Vec<$element>, CpuError> {
                Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(tensor)?))
            }

            fn restore_gradient<S: Shape>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
                gradient: Vec<$element>,
            ) -> Result<(), CpuError> {
                **gradients.get_or_alloc_mut(tensor)? = gradient;
                Ok(())
            }

            fn release_gradient<S: Shape>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
                gradient: Vec<$element>,
            ) -> Result<(), CpuError> {
                if let Err(gradient) = buffer_pool::put(gradient) {
                    return Self::restore_gradient(gradients, tensor, gradient);
                }
                // The empty gradient would return to the device as an empty cache entry; `take`
                // avoids that.
                take::<$element>(Storage::<$element>::try_alloc_len(tensor.device(), 0)?);
                Ok(())
            }
        }
    )+};
}

cpu_backend!(f32, f64);
