//! A shape together with where those of its sizes come from that the macro does not know.

use multi_input_spec::{Kind, Shape, Size};
use proc_macro2::TokenStream;

use crate::{parse::SizeExpr, text::compact};

/// What flows along an edge.
#[derive(Clone)]
pub(crate) struct Flow {
    /// The shape as far as the macro knows it.
    pub(crate) shape: Shape,
    pub(crate) unknown: Unknown,
}

/// Where sizes come from that the macro does not know.
#[derive(Clone)]
pub(crate) enum Unknown {
    /// The user's expressions, one for each axis.
    Written(Vec<TokenStream>),
    /// The axes of the constant of that number, behind the first `skipped`.
    Computed { constant: usize, skipped: usize },
}

impl Flow {
    /// The user's sizes.
    pub(crate) fn declared(kind: Kind, dims: &[SizeExpr]) -> Flow {
        let sizes: Vec<Size> = dims.iter().map(|dim| dim.value).collect();
        let written = dims.iter().map(|dim| dim.tokens.clone()).collect();
        Flow { shape: Shape::new(kind, &sizes), unknown: Unknown::Written(written) }
    }

    /// Sizes that are all known.
    pub(crate) fn known(shape: Shape) -> Flow {
        Flow { shape, unknown: Unknown::Written(Vec::new()) }
    }

    /// Sizes of which those that are not known are taken from the constant of that number.
    pub(super) fn computed(shape: Shape, constant: usize) -> Flow {
        Flow { shape, unknown: Unknown::Computed { constant, skipped: 0 } }
    }

    /// The same with a mask, or without one.
    pub(crate) fn with_mask(mut self, masked: bool) -> Flow {
        self.shape = self.shape.with_mask(masked);
        self
    }

    /// What each step of it holds.
    pub(crate) fn of_step(&self) -> Flow {
        let unknown = match &self.unknown {
            Unknown::Written(sizes) => Unknown::Written(sizes.iter().skip(1).cloned().collect()),
            Unknown::Computed { constant, skipped } => {
                Unknown::Computed { constant: *constant, skipped: skipped + 1 }
            }
        };
        Flow { shape: self.shape.of_step(), unknown }
    }

    /// Whether the macro knows every size, and the bound of categories that a formula gave.
    pub(crate) fn is_known(&self) -> bool {
        let bounded = !self.is_computed()
            || self.shape.kind != Kind::Categories
            || self.shape.below != Size::Unknown;
        bounded && (0..self.shape.rank()).all(|axis| self.shape.dim(axis) != Size::Unknown)
    }

    /// Whether something says how many categories there are.
    pub(crate) fn is_bounded(&self) -> bool {
        self.shape.below != Size::Unknown || self.is_computed()
    }

    fn is_computed(&self) -> bool {
        matches!(self.unknown, Unknown::Computed { .. })
    }

    /// `[32]` or `[7, 32] masked`, with the user's expression for a size that only rustc knows, and `?` for one that a
    /// formula computes from it.
    pub(crate) fn text(&self) -> String {
        let size = |axis| match (self.shape.dim(axis), &self.unknown) {
            (Size::Known(number), _) => number.to_string(),
            (Size::Unknown, Unknown::Written(sizes)) => compact(&sizes[axis]),
            (Size::Unknown, Unknown::Computed { .. }) => "?".to_owned(),
        };
        let sizes: Vec<String> = (0..self.shape.rank()).map(size).collect();
        let mask = if self.shape.is_masked() { " masked" } else { "" };
        format!("[{}]{mask}", sizes.join(", "))
    }
}
