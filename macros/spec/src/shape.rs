//! The shape of the values on an edge of the graph.

use crate::Size;

/// The maximum number of dimensions of one sample.
pub const MAX_RANK: usize = 4;

/// The meaning of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers.
    Numbers,
    /// Category indices, for an embedding.
    Categories,
    /// Texts, which a preprocessing step encodes as categories or numbers.
    Texts,
    /// Pictures of any size, which a preprocessing step resizes; the dimension is their channels.
    Pictures,
    /// Dates, with or without a time, which a preprocessing step splits into parts.
    Dates,
}

/// The shape of one sample, without the batch dimension. For a list of any length it is the shape
/// of one item.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The meaning of the elements.
    pub kind: Kind,
    masked: bool,
    list: bool,
    /// For categories: the exclusive upper bound of indices, if a preprocessing step sets one.
    pub below: Size,
    rank: usize,
    dims: [Size; MAX_RANK],
}

impl Shape {
    /// Numbers with the given dimensions; dimensions after [`MAX_RANK`] are cut off.
    pub const fn numbers(dims: &[Size]) -> Shape {
        Shape::new(Kind::Numbers, dims)
    }

    /// Category indices with the given dimensions; a single index has none.
    pub const fn categories(dims: &[Size]) -> Shape {
        Shape::new(Kind::Categories, dims)
    }

    /// A shape of `kind`; dimensions after [`MAX_RANK`] are cut off.
    pub const fn new(kind: Kind, dims: &[Size]) -> Shape {
        let mut shape = Shape {
            kind,
            masked: false,
            list: false,
            below: Size::Unknown,
            rank: 0,
            dims: [Size::Known(1); MAX_RANK],
        };
        while shape.rank < dims.len() && shape.rank < MAX_RANK {
            shape.dims[shape.rank] = dims[shape.rank];
            shape.rank += 1;
        }
        shape
    }

    /// This shape with or without a mask over the first dimension, the steps.
    pub const fn with_mask(mut self, masked: bool) -> Shape {
        self.masked = masked;
        self
    }

    /// Whether the steps have a mask.
    pub const fn is_masked(&self) -> bool {
        self.masked
    }

    /// A list of any length of items of this shape, or a single item.
    pub const fn with_list(mut self, list: bool) -> Shape {
        self.list = list;
        self
    }

    /// Whether a sample is a list of any length, and this is the shape of its items.
    pub const fn is_list(&self) -> bool {
        self.list
    }

    /// This shape with indices below `bound`.
    pub const fn below(mut self, bound: Size) -> Shape {
        self.below = bound;
        self
    }

    /// The number of dimensions.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The size of dimension `axis`; 1 after the last.
    pub const fn dim(&self, axis: usize) -> Size {
        self.dims[axis]
    }

    /// The size of the last dimension; 1 without dimensions.
    pub const fn last(&self) -> Size {
        if self.rank == 0 {
            Size::Known(1)
        } else {
            self.dims[self.rank - 1]
        }
    }

    /// This shape with another size of dimension `axis`.
    pub const fn with(mut self, axis: usize, size: Size) -> Shape {
        self.dims[axis] = size;
        self
    }

    /// This shape with another dimension at the end.
    pub const fn push(mut self, size: Size) -> Shape {
        if self.rank < MAX_RANK {
            self.dims[self.rank] = size;
            self.rank += 1;
        }
        self
    }

    /// The shape of one step, without the first dimension.
    pub const fn of_step(&self) -> Shape {
        let mut shape = Shape::new(self.kind, &[]);
        let mut axis = 1;
        while axis < self.rank {
            shape = shape.push(self.dims[axis]);
            axis += 1;
        }
        shape
    }

    /// The product of all dimensions.
    pub const fn elements(&self) -> Size {
        let mut product = Size::Known(1);
        let mut axis = 0;
        while axis < self.rank {
            product = product.times(self.dims[axis]);
            axis += 1;
        }
        product
    }

    /// Whether the shapes are known to differ in kind, rank, mask, being a list, or a size.
    pub const fn differs(&self, other: &Shape) -> bool {
        if self.kind as usize != other.kind as usize
            || self.rank != other.rank
            || self.masked != other.masked
            || self.list != other.list
        {
            return true;
        }
        let mut axis = 0;
        while axis < self.rank {
            if self.dims[axis].differs(other.dims[axis]) {
                return true;
            }
            axis += 1;
        }
        false
    }
}
