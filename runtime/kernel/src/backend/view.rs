//! The elements of a CPU tensor as a slice, without a copy.
//!
//! dfdx keeps a tensor's storage private: safe code reads single elements or copies all of them.
//! Both are too slow for weights, which are read in every step.
#![allow(unsafe_code)]

use std::{any::Any, marker::PhantomData, mem::ManuallyDrop};

use dfdx::{
    shapes::{HasShape, Shape, Unit},
    tensor::{Cpu, Storage, Tensor},
    tensor_ops::RealizeTo,
};

use super::{
    flat::{Operand, Visit},
    sizes::Sizes,
    Backend,
};
use crate::Element;

/// The elements of a contiguous tensor, in row-major order.
pub(super) fn slice<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> &[E] {
    contiguous_slice(tensor).expect("the caller makes the tensor contiguous")
}

/// The elements in row-major order; `None` for a non-contiguous tensor.
pub(super) fn contiguous_slice<S: Shape, E: Unit, T>(
    tensor: &Tensor<S, E, Cpu, T>,
) -> Option<&[E]> {
    let len = tensor.shape().num_elements();
    if len == 0 {
        return Some(&[]);
    }
    if !is_contiguous(tensor) {
        return None;
    }
    let first: *const E = &tensor[S::Concrete::default()];
    // SAFETY: `first` points to element 0 of the tensor's `Vec<E>`, which the borrow of `tensor`
    // keeps alive and unchanged. A contiguous tensor's storage has `len` consecutive elements,
    // because dfdx allocates one for each element of the shape.
    Some(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The mutable elements of a contiguous tensor, in row-major order. A shared storage is copied
/// first.
pub(super) fn slice_mut<S: Shape, E: Unit>(tensor: &mut Tensor<S, E, Cpu>) -> &mut [E] {
    let len = tensor.shape().num_elements();
    if len == 0 {
        return &mut [];
    }
    assert!(is_contiguous(tensor), "the caller makes the tensor contiguous");
    let first: *mut E = &mut tensor[S::Concrete::default()];
    // SAFETY: as in `slice`; and indexing mutably has made the storage unique to this tensor, which
    // is borrowed mutably for as long as the slice lives.
    unsafe { std::slice::from_raw_parts_mut(first, len) }
}

/// Passes a tensor to `visit` with [`Sizes`] of its rank as its shape.
pub(super) fn erase<S: Shape, X: Unit, D: Storage<X>>(
    tensor: &Tensor<S, X, D>,
    visit: &mut Visit<'_>,
) {
    // SAFETY: the copy is never dropped. Its contents belong to `tensor`, which is borrowed while
    // `visit` runs.
    let copy = unsafe { std::ptr::read(tensor) };
    match copy.try_realize::<Sizes<S::Concrete>>() {
        Ok(erased) => visit(S::NUM_DIMS, &*ManuallyDrop::new(erased)),
        Err(copy) => std::mem::forget(copy),
    }
}

/// Passes a tensor to `change` with [`Sizes`] of its rank as its shape. `change` must not change
/// the sizes.
pub(super) fn erase_mut<S: Shape, X: Unit, D: Storage<X>>(
    tensor: &mut Tensor<S, X, D>,
    change: &mut dyn FnMut(usize, &mut dyn Any),
) {
    // SAFETY: two handles of the tensor exist now, of which only one may be dropped or used.
    // `taken` is either forgotten or moved into `erased`, and nothing uses `tensor` before it is
    // overwritten.
    let taken = unsafe { std::ptr::read(tensor) };
    match taken.try_realize::<Sizes<S::Concrete>>() {
        Ok(erased) => {
            let erased = ManuallyDrop::new(erased);
            let mut guard = ErasedGuard { tensor, erased, borrowed: PhantomData };
            change(S::NUM_DIMS, &mut *guard.erased);
        }
        Err(taken) => std::mem::forget(taken),
    }
}

/// Restores the typed tensor when it is dropped, also after a panic.
struct ErasedGuard<'a, S: Shape, X: Unit, D: Storage<X>> {
    /// A stale copy of the handle that `erased` owns or has replaced.
    tensor: *mut Tensor<S, X, D>,
    erased: ManuallyDrop<Tensor<Sizes<S::Concrete>, X, D>>,
    borrowed: PhantomData<&'a mut Tensor<S, X, D>>,
}

impl<S: Shape, X: Unit, D: Storage<X>> Drop for ErasedGuard<'_, S, X, D> {
    fn drop(&mut self) {
        // SAFETY: the value is taken only once, here.
        let erased = unsafe { ManuallyDrop::take(&mut self.erased) };
        match erased.try_realize::<S>() {
            // SAFETY: the target is borrowed mutably, and its stale content must not be dropped.
            Ok(tensor) => unsafe { std::ptr::write(self.tensor, tensor) },
            // The sizes have changed, so no valid tensor can be restored.
            Err(_) => std::process::abort(),
        }
    }
}

/// The elements that `find` finds in the visited tensor of an operand.
pub(super) fn operand_slice<E: Element>(
    operand: &dyn Operand<E, Cpu>,
    find: impl Fn(usize, &dyn Any) -> Option<*const [E]>,
) -> Option<&[E]>
where
    Cpu: Backend<E>,
{
    let mut found = None;
    operand.visit(&mut |rank, tensor| found = find(rank, tensor));
    // SAFETY: the elements belong to a tensor that shares its storage with the operand, which is
    // borrowed for the same lifetime. A shared storage is not changed.
    found.map(|elements| unsafe { &*elements })
}

/// Whether the strides are those of a contiguous tensor.
pub(super) fn is_contiguous<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> bool {
    let sizes = tensor.shape().concrete();
    has_contiguous_strides(sizes.as_ref(), |axis| stride(tensor, axis))
}

/// Compares strides with those of a contiguous tensor, for axes of more than one element.
#[inline]
fn has_contiguous_strides(sizes: &[usize], stride: impl Fn(usize) -> usize) -> bool {
    if sizes.contains(&0) {
        return true;
    }
    let mut next = 1;
    for (axis, size) in sizes.iter().enumerate().rev() {
        if *size > 1 && stride(axis) != next {
            return false;
        }
        next *= size;
    }
    true
}

/// Stride of an axis in elements. The axis must have at least two.
fn stride<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>, axis: usize) -> usize {
    let address = |index: S::Concrete| std::ptr::from_ref(&tensor[index]) as usize;
    let mut next = S::Concrete::default();
    next[axis] = 1;
    address(next).wrapping_sub(address(S::Concrete::default())) / std::mem::size_of::<E>()
}

/// Offset of each element in the storage, in row-major order of the tensor.
pub(super) fn offsets<S: Shape, E: Unit>(tensor: &Tensor<S, E, Cpu>) -> Vec<usize> {
    let sizes = tensor.shape().concrete();
    let mut offsets = vec![0];
    for (axis, size) in sizes.as_ref().iter().enumerate().rev() {
        let stride = if *size > 1 { stride(tensor, axis) } else { 0 };
        let repeat = |index| offsets.iter().map(move |offset| offset + index * stride);
        offsets = (0..*size).flat_map(repeat).collect();
    }
    offsets
}

/// Whether two tensors with the same number of elements share a storage.
pub(super) fn share_storage<S: Shape, S2: Shape, E: Unit>(
    a: &Tensor<S, E, Cpu>,
    b: &Tensor<S2, E, Cpu>,
) -> bool {
    let first = || std::ptr::eq(&a[S::Concrete::default()], &b[S2::Concrete::default()]);
    a.shape().num_elements() == 0 || first()
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::{Axis, Const, Rank2},
        tensor::{AsArray, TensorFrom, ZerosTensor},
        tensor_ops::{BroadcastTo, PermuteTo},
    };

    use super::*;

    #[test]
    fn a_slice_holds_the_elements_in_order() {
        let device = Cpu::default();
        let tensor = device.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(slice(&tensor), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(slice(&device.tensor(7.0f64)), [7.0]);
        let empty: Tensor<(usize, Const<3>), f32, _> = device.zeros_like(&(0, Const));
        assert!(slice(&empty).is_empty());
    }

    #[test]
    fn changing_a_shared_tensor_leaves_the_other_as_it_was() {
        let device = Cpu::default();
        let mut tensor = device.tensor([1.0f32, 2.0]);
        let other = tensor.clone();
        slice_mut(&mut tensor)[1] = 5.0;
        assert_eq!(tensor.array(), [1.0, 5.0]);
        assert_eq!(other.array(), [1.0, 2.0]);
    }

    #[test]
    fn a_permuted_or_broadcast_tensor_is_not_contiguous() {
        let device = Cpu::default();
        let tensor = device.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(is_contiguous(&tensor));
        assert!(!is_contiguous(&tensor.permute::<Rank2<3, 2>, _>()));
        let broadcast = device.tensor([1.0f32, 2.0]).broadcast::<Rank2<2, 2>, Axis<0>>();
        assert!(!is_contiguous(&broadcast));
    }
}
