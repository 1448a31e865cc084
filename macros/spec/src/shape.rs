//! What flows along an edge of the graph.

use crate::Size;

/// The largest number of dimensions of one sample.
pub const MAX_RANK: usize = 4;

/// What the elements of a tensor stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers, which layers compute with.
    Numbers,
    /// Category indices, which an embedding looks up.
    Categories,
    /// Texts, which a step of preprocessing makes categories or numbers of.
    Texts,
    /// Pictures of any size, which a step brings to one; the dimension is their channels.
    Pictures,
    /// Dates, perhaps with a time, which a step takes apart.
    Dates,
}

/// The shape of one sample, without the batch dimension.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What the elements stand for.
    pub kind: Kind,
    masked: bool,
    /// For categories: the first index that is too large, where a step of preprocessing says so.
    pub below: Size,
    rank: usize,
    dims: [Size; MAX_RANK],
}

impl Shape {
    /// Numbers of the given dimensions; more than [`MAX_RANK`] are cut off.
    pub const fn numbers(dims: &[Size]) -> Shape {
        Shape::new(Kind::Numbers, dims)
    }

    /// Category indices of the given dimensions; one index alone has none.
    pub const fn categories(dims: &[Size]) -> Shape {
        Shape::new(Kind::Categories, dims)
    }

    /// A shape of `kind`; dimensions past [`MAX_RANK`] are cut off.
    pub const fn new(kind: Kind, dims: &[Size]) -> Shape {
        let mut shape = Shape {
            kind,
            masked: false,
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

    /// The same shape, of which a mask goes along that says which entries of the first dimension,
    /// the steps, count; or without one.
    pub const fn with_mask(mut self, masked: bool) -> Shape {
        self.masked = masked;
        self
    }

    /// Whether a mask says which steps count.
    pub const fn is_masked(&self) -> bool {
        self.masked
    }

    /// The same shape of indices below `bound`.
    pub const fn below(mut self, bound: Size) -> Shape {
        self.below = bound;
        self
    }

    /// The number of dimensions.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The size of dimension `axis`; 1 past the last.
    pub const fn dim(&self, axis: usize) -> Size {
        self.dims[axis]
    }

    /// The size of the last dimension; 1 where there is none.
    pub const fn last(&self) -> Size {
        if self.rank == 0 {
            Size::Known(1)
        } else {
            self.dims[self.rank - 1]
        }
    }

    /// The same shape with another size for dimension `axis`.
    pub const fn with(mut self, axis: usize, size: Size) -> Shape {
        self.dims[axis] = size;
        self
    }

    /// The same shape with one dimension more, at the end.
    pub const fn push(mut self, size: Size) -> Shape {
        if self.rank < MAX_RANK {
            self.dims[self.rank] = size;
            self.rank += 1;
        }
        self
    }

    /// What each entry of the first dimension holds.
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

    /// Whether both are known to be unequal: another kind, rank or size, or a mask on one alone.
    pub const fn differs(&self, other: &Shape) -> bool {
        if self.kind as usize != other.kind as usize
            || self.rank != other.rank
            || self.masked != other.masked
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
