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
    emptied::{take, Forgetting},
    operation::{AnyOperation, OperationError},
};
pub use self::{
    flat::{indices, reshape, AnyTensor, Flat, Input, Operand},
    record::{record, Recorded},
};
use crate::element::{
    buffer_pool::{self, Keeping},
    Element,
};

/// A device whose tensors and gradients our own operations can read and write as slices.
///
/// Every tensor handed to these functions is contiguous; operations see to that with
/// `try_contiguous`, which costs nothing where it already holds.
pub trait Backend<E: Element>: Device<E> + Cache {
    /// A device of the same sort whose random state starts at `seed` and is shared with nobody.
    fn seeded(&self, seed: u64) -> Self;

    /// The error for tensors whose sizes do not fit, or an index beyond its table.
    fn size_error() -> Self::Err;

    /// The error for an operation that cannot be run.
    #[doc(hidden)]
    fn operation_error(error: OperationError) -> Self::Err;

    /// The elements of an operand in order.
    #[doc(hidden)]
    fn elements<'a>(operand: &'a dyn Operand<E, Self>) -> Cow<'a, [E]>;

    /// An operand as a row.
    #[doc(hidden)]
    fn flatten(operand: &dyn Operand<E, Self>) -> Result<Input<E, Self>, Self::Err>;

    /// A row as a tensor of these sizes: goes to an `Option` of one without the type of its shape.
    #[doc(hidden)]
    fn unflatten(flat: Flat<E, Self>, sizes: &[usize], to: &mut dyn Any) -> Result<(), Self::Err>;

    /// An operand as such a tensor; where it was out of order, gives what
    /// [`reshape_back`](Backend::reshape_back) needs.
    #[doc(hidden)]
    fn reshape(
        operand: &dyn Operand<E, Self>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Result<Option<Input<E, Self>>, Self::Err>;

    /// The backward pass of another shape for a tensor that was out of order.
    #[doc(hidden)]
    fn reshape_back(
        input: Input<E, Self>,
        gradients: &mut Gradients<E, Self>,
    ) -> Result<(), Self::Err>;

    /// The category indices of a tensor without the type of its shape, where they are in order.
    #[doc(hidden)]
    fn index_row(rank: usize, tensor: &dyn Any) -> Option<Rc<[usize]>>;

    /// A tensor of zeros that is written: goes where [`unflatten`](Backend::unflatten) puts one.
    #[doc(hidden)]
    fn write(
        &self,
        write: &mut dyn FnMut(&mut [E]) -> Result<(), OperationError>,
        sizes: &[usize],
        to: &mut dyn Any,
    ) -> Result<(), Self::Err>;

    /// Exchanges the gradient by an operand in order, zeros where there is none yet, with `other`.
    ///
    /// # Errors
    /// The device's, and for an operand out of order.
    fn exchange_gradient(
        gradients: &mut Gradients<E, Self>,
        operand: &dyn Operand<E, Self>,
        other: &mut Vec<E>,
    ) -> Result<(), Self::Err>;

    /// The memory of the gradient by a tensor.
    #[doc(hidden)]
    fn gradient<'a, S: Shape>(
        gradients: &'a mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
    ) -> Result<&'a mut Vec<E>, Self::Err>;

    /// Changes the elements of a tensor without the type of its shape in place.
    #[doc(hidden)]
    fn edit_erased(rank: usize, tensor: &mut dyn Any, change: &mut dyn FnMut(&mut [E]));

    /// Runs an operation on inputs for an output of some sizes, which goes where
    /// [`unflatten`](Backend::unflatten) puts it; where it `records`, gives what its backward pass needs.
    #[doc(hidden)]
    fn run(
        &self,
        operation: &dyn AnyOperation,
        inputs: &[&dyn Operand<E, Self>],
        output: (&[usize], &mut dyn Any),
        records: bool,
    ) -> Result<Option<Recorded<E, Self>>, Self::Err>;

    /// The backward pass of an operation.
    #[doc(hidden)]
    fn run_back(
        recorded: Recorded<E, Self>,
        gradients: &mut Gradients<E, Self>,
    ) -> Result<(), Self::Err>;

    /// A buffer of zeros for an output.
    fn acquire_zeroed(&self, len: usize) -> Result<Vec<E>, Self::Err>;

    /// Gives a buffer back that no tensor took, for the next who asks.
    fn release(&self, buffer: Vec<E>);

    /// A buffer for what is written before it is read: it holds anything.
    fn acquire_uninitialised(&self, len: usize) -> Result<Vec<E>, Self::Err>;

    /// Gives a buffer back that no tensor took, for the next who asks for a spare one.
    fn release_uninitialised(&self, buffer: Vec<E>);

    /// A buffer of zeros for category indices. What a tensor takes comes back to the device when that is
    /// dropped, so indices from anywhere else would pile up there.
    fn acquire_indices(&self, len: usize) -> Result<Vec<usize>, Self::Err>;

    /// A buffer of zeros for what an operation remembers of its places.
    fn acquire_bytes(&self, len: usize) -> Result<Vec<u8>, Self::Err>;

    /// Gives it back.
    fn release_bytes(&self, marks: Vec<u8>);

    /// A device for one run, on this thread alone, which uses memory again and again: fresh memory
    /// costs more than what is computed in it.
    fn recycling(&self) -> Result<Recycling<Self>, Self::Err>;

    /// Whether the elements lie in order, without gaps or repetition.
    fn is_contiguous<S: Shape, X: Unit, T>(tensor: &Tensor<S, X, Self, T>) -> bool
    where
        Self: Storage<X>;

    /// The elements of a contiguous tensor.
    fn values<S: Shape, T>(tensor: &Tensor<S, E, Self, T>) -> Cow<'_, [E]>;

    /// The category indices of a contiguous tensor.
    fn indices<S: Shape, T>(tensor: &Tensor<S, usize, Self, T>) -> Cow<'_, [usize]>;

    /// Changes the elements of a contiguous tensor in place; its id stays.
    fn edit<S: Shape, R>(tensor: &mut Tensor<S, E, Self>, change: impl FnOnce(&mut [E]) -> R) -> R;

    /// Adds to (or reads) the gradient of `tensor`, which is created as zeros at need.
    fn edit_gradient<S: Shape, R>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        change: impl FnOnce(&mut [E]) -> R,
    ) -> Result<R, Self::Err>;

    /// Takes the gradient of an operation's output out, so that the gradients of its inputs can
    /// be edited while it is read. Give it back with [`restore_gradient`](Backend::restore_gradient).
    fn take_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
    ) -> Result<Vec<E>, Self::Err>;

    /// Puts a taken gradient back.
    fn restore_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        gradient: Vec<E>,
    ) -> Result<(), Self::Err>;

    /// What an operation whose output took a spare buffer does with the gradient of it in the end:
    /// its memory is the spare one of the next step, where the output's goes back to the device.
    fn release_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        gradient: Vec<E>,
    ) -> Result<(), Self::Err>;
}

/// A device that recycles memory for as long as this lives. See [`Backend::recycling`].
#[derive(Debug)]
pub struct Recycling<D: Cache> {
    device: D,
    // In this order: `Drop` below has turned the cache off by then.
    _forgetting: Forgetting,
    _keeping: Keeping,
}

impl<D: Cache> Recycling<D> {
    fn new(device: D, forgetting: Forgetting) -> Result<Self, D::Err> {
        device.try_enable_cache()?;
        Ok(Recycling { device, _forgetting: forgetting, _keeping: Keeping::new() })
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
        // Fails on no device that there is; what is then not given back is not lost either.
        let _ = self.device.try_disable_cache();
    }
}

// A macro rather than one generic impl: dfdx has no name for the storage of `Cpu`, so only with the
// dtype spelled out does the compiler see that it is a vector.
macro_rules! cpu_backend {
    ($($element:ty),+) => {$(
        impl Backend<$element> for Cpu {
            fn seeded(&self, seed: u64) -> Self {
                Cpu::seed_from_u64(seed)
            }

            fn recycling(&self) -> Result<Recycling<Self>, CpuError> {
                let device = Backend::<$element>::seeded(self, 0);
                let forgetting = Forgetting::new(&device)?;
                Recycling::new(device, forgetting)
            }

            fn size_error() -> CpuError {
                CpuError::WrongNumElements
            }

            #[inline(never)]
            fn operation_error(error: OperationError) -> CpuError {
                match error {
                    OperationError::Memory => CpuError::OutOfMemory,
                    OperationError::Size => CpuError::WrongNumElements,
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
            fn exchange_gradient(
                gradients: &mut Gradients<$element, Self>,
                operand: &dyn Operand<$element, Self>,
                other: &mut Vec<$element>,
            ) -> Result<(), CpuError> {
                flat::exchange_gradient(gradients, operand, other)
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
                // What the device allocates it takes back when that is dropped.
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

            fn release_bytes(&self, marks: Vec<u8>) {
                if let Ok(mut storage) = Storage::<u8>::try_alloc_len(self, 0) {
                    *storage = marks;
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
                // What is left of the gradient, no numbers, goes back to the device too; taken out
                // here, such leavings do not pile up.
                take::<$element>(Storage::<$element>::try_alloc_len(tensor.device(), 0)?);
                Ok(())
            }
        }
    )+};
}

cpu_backend!(f32, f64);
