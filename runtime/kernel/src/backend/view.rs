//! The elements of a CPU tensor as a slice, without a copy.
//!
//! dfdx keeps a tensor's storage to itself: safe code reads it element by element or copies it
//! whole. A model's weights are read in every step, so neither will do.
#![allow(unsafe_code)]

use std::{any::Any, marker::PhantomData, mem::ManuallyDrop};

use dfdx::{
    shapes::{HasShape, Shape, Unit},
    tensor::{Cpu, Storage, Tensor},
    tensor_ops::RealizeTo,
};

use super::{
    flat::{Look, Operand},
    sizes::Sizes,
    Backend,
};
use crate::Element;

/// The elements of a contiguous tensor, in order.
pub(super) fn slice<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> &[E] {
    in_order(tensor).expect("the caller makes the tensor contiguous")
}

/// The elements in order, where they lie so.
pub(super) fn in_order<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> Option<&[E]> {
    let len = tensor.shape().num_elements();
    if len == 0 {
        return Some(&[]);
    }
    if !is_contiguous(tensor) {
        return None;
    }
    let first: *const E = &tensor[S::Concrete::default()];
    // SAFETY: `first` points at element 0 of the tensor's one `Vec<E>`, which the borrow of
    // `tensor` keeps alive and unchanged. The storage of a contiguous tensor, as this one is, holds
    // `len` elements in a row, because dfdx allocates one for each element of the shape.
    Some(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The elements of a contiguous tensor, in order, to be changed. A tensor that shares its storage
/// gets one of its own first.
pub(super) fn slice_mut<S: Shape, E: Unit>(tensor: &mut Tensor<S, E, Cpu>) -> &mut [E] {
    let len = tensor.shape().num_elements();
    if len == 0 {
        return &mut [];
    }
    assert!(is_contiguous(tensor), "the caller makes the tensor contiguous");
    let first: *mut E = &mut tensor[S::Concrete::default()];
    // SAFETY: as in `slice`; and indexing mutably has made the storage unique to this tensor,
    // which is borrowed mutably for as long as the slice lives.
    unsafe { std::slice::from_raw_parts_mut(first, len) }
}

/// Shows a tensor to `look` as one that has [`Sizes`] of its rank.
pub(super) fn erase<S: Shape, X: Unit, D: Storage<X>>(
    tensor: &Tensor<S, X, D>,
    look: &mut Look<'_>,
) {
    // SAFETY: the copy is never dropped: what it owns belongs to `tensor`, which lives for as long as
    // `look` runs and is borrowed.
    let copy = unsafe { std::ptr::read(tensor) };
    match copy.try_realize::<Sizes<S::Concrete>>() {
        Ok(erased) => look(S::NUM_DIMS, &*ManuallyDrop::new(erased)),
        Err(copy) => std::mem::forget(copy),
    }
}

/// Hands a tensor to `change` as one that has [`Sizes`] of its rank, which it must still have afterwards.
pub(super) fn erase_mut<S: Shape, X: Unit, D: Storage<X>>(
    tensor: &mut Tensor<S, X, D>,
    change: &mut dyn FnMut(usize, &mut dyn Any),
) {
    // SAFETY: there are two tensors now of which only one may be dropped, or used. `taken` is either
    // given back as it is or moves into `erased`, and nothing uses `tensor` before it is overwritten.
    let taken = unsafe { std::ptr::read(tensor) };
    match taken.try_realize::<Sizes<S::Concrete>>() {
        Ok(erased) => {
            let erased = ManuallyDrop::new(erased);
            let mut away = Away { tensor, erased, borrowed: PhantomData };
            change(S::NUM_DIMS, &mut *away.erased);
        }
        Err(taken) => std::mem::forget(taken),
    }
}

/// A tensor that is away as one without the type of its shape, until this is dropped: after a panic too.
struct Away<'a, S: Shape, X: Unit, D: Storage<X>> {
    /// Holds a copy of a handle that `erased` owns, or has replaced.
    tensor: *mut Tensor<S, X, D>,
    erased: ManuallyDrop<Tensor<Sizes<S::Concrete>, X, D>>,
    borrowed: PhantomData<&'a mut Tensor<S, X, D>>,
}

impl<S: Shape, X: Unit, D: Storage<X>> Drop for Away<'_, S, X, D> {
    fn drop(&mut self) {
        // SAFETY: it is taken once, here.
        let erased = unsafe { ManuallyDrop::take(&mut self.erased) };
        match erased.try_realize::<S>() {
            // SAFETY: the place is borrowed mutably, and what it holds is owned by nothing there.
            Ok(tensor) => unsafe { std::ptr::write(self.tensor, tensor) },
            // It has other sizes. There is nothing to put there.
            Err(_) => std::process::abort(),
        }
    }
}

/// The elements of an operand, where `find` finds them in what that shows.
pub(super) fn shown<E: Element>(
    operand: &dyn Operand<E, Cpu>,
    find: impl Fn(usize, &dyn Any) -> Option<*const [E]>,
) -> Option<&[E]>
where
    Cpu: Backend<E>,
{
    let mut found = None;
    operand.show(&mut |rank, tensor| found = find(rank, tensor));
    // SAFETY: they are the elements of a tensor that shares them with the operand, which is borrowed
    // for as long as they are. A shared storage is not changed.
    found.map(|elements| unsafe { &*elements })
}

/// Whether neighbours along every axis lie as far apart as the shape says.
pub(super) fn is_contiguous<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> bool {
    let sizes = tensor.shape().concrete();
    lie_in_order(sizes.as_ref(), |axis| stride(tensor, axis))
}

/// Whether the strides are those of the sizes, where there is more than one number to tell.
#[inline]
fn lie_in_order(sizes: &[usize], stride: impl Fn(usize) -> usize) -> bool {
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

/// How far neighbours along an axis lie apart, where it has any.
fn stride<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>, axis: usize) -> usize {
    let address = |index: S::Concrete| std::ptr::from_ref(&tensor[index]) as usize;
    let mut next = S::Concrete::default();
    next[axis] = 1;
    address(next).wrapping_sub(address(S::Concrete::default())) / std::mem::size_of::<E>()
}

/// Where each element of a tensor lies in its storage.
pub(super) fn places<S: Shape, E: Unit>(tensor: &Tensor<S, E, Cpu>) -> Vec<usize> {
    let sizes = tensor.shape().concrete();
    let mut places = vec![0];
    for (axis, size) in sizes.as_ref().iter().enumerate().rev() {
        let stride = if *size > 1 { stride(tensor, axis) } else { 0 };
        let repeat = |index| places.iter().map(move |place| place + index * stride);
        places = (0..*size).flat_map(repeat).collect();
    }
    places
}

/// Whether two tensors with equally many elements have the same storage.
pub(super) fn share<S: Shape, S2: Shape, E: Unit>(
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
