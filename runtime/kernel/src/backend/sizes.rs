//! Shapes that keep only their number of axes in their type.
//!
//! Code that is generic over a shape is compiled for every shape of a model, in the user's crate.
//! Code that is generic over [`Sizes`] is compiled here, once per rank.

use dfdx::shapes::{Axis, HasAxes, ReduceShape, ReduceShapeTo, Shape};

/// A shape that stores its sizes, with the [`Shape::Concrete`] of any shape. No axis is ever
/// reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes<C>(C);

impl<C: Concrete> Sizes<C> {
    /// Converts a slice of sizes, one per axis.
    pub(super) fn of(sizes: &[usize]) -> Self {
        let mut shape = C::default();
        sizes.iter().enumerate().for_each(|(axis, size)| shape[axis] = *size);
        Sizes(shape)
    }
}

/// The bounds of dfdx on an array of sizes.
pub(super) trait Concrete:
    std::fmt::Debug
    + Copy
    + Default
    + Eq
    + std::ops::IndexMut<usize, Output = usize>
    + Send
    + Sync
    + IntoIterator<Item = usize>
    + Into<Vec<usize>>
    + AsRef<[usize]>
    + 'static
{
}

impl<C> Concrete for C where
    C: std::fmt::Debug
        + Copy
        + Default
        + Eq
        + std::ops::IndexMut<usize, Output = usize>
        + Send
        + Sync
        + IntoIterator<Item = usize>
        + Into<Vec<usize>>
        + AsRef<[usize]>
        + 'static
{
}

impl<C: Concrete> Shape for Sizes<C> {
    const NUM_DIMS: usize = size_of::<C>() / size_of::<usize>();
    type Concrete = C;
    type AllAxes = Axis<0>;
    type LastAxis = Axis<0>;

    fn concrete(&self) -> C {
        self.0
    }

    fn from_concrete(concrete: &C) -> Option<Self> {
        Some(Sizes(*concrete))
    }

    fn strides(&self) -> C {
        let (mut strides, mut stride) = (C::default(), 1);
        for axis in (0..Self::NUM_DIMS).rev() {
            strides[axis] = stride;
            stride *= self.0[axis];
        }
        strides
    }
}

impl<C: Concrete> HasAxes<Axis<0>> for Sizes<C> {
    fn size(&self) -> usize {
        self.num_elements()
    }
}

impl<C: Concrete> ReduceShapeTo<(), Axis<0>> for Sizes<C> {}

impl<C: Concrete> ReduceShape<Axis<0>> for Sizes<C> {
    type Reduced = ();
}
