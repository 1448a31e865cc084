//! A module seen as a frozen one, in place.
#![allow(unsafe_code)]

use crate::layer::Frozen;

/// `module` seen through its wrapper.
pub(crate) fn frozen<M>(module: &M) -> &Frozen<M> {
    // SAFETY: `Frozen<M>` is `repr(transparent)` over its only field, an `M`, so both have the same
    // layout and validity; the lifetime stays.
    unsafe { &*std::ptr::from_ref(module).cast() }
}

/// `module` seen through its wrapper, to be changed.
pub(crate) fn frozen_mut<M>(module: &mut M) -> &mut Frozen<M> {
    // SAFETY: as in `frozen`; and the borrow stays the only one.
    unsafe { &mut *std::ptr::from_mut(module).cast() }
}
