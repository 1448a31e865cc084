//! Values in the place of flags, axes and lists that only rustc knows, so that the macro finds what
//! does not depend on them: the number of dimensions, and the mask.

use multi_input_spec::{Shape, Size, Value, MAX_RANK};

use crate::expression::Kind;

/// A value for each kind of expression.
#[derive(Clone, Copy, Default)]
pub(super) struct Guess(usize);

impl Guess {
    /// Every value of a kind that may decide over the form of a shape.
    pub(super) fn all(kind: Kind) -> impl Iterator<Item = Guess> {
        let count = match kind {
            Kind::Flag => 2,
            // The last axis, and each from the first on.
            Kind::Axis => 1 + MAX_RANK,
            _ => 1,
        };
        (0..count).map(Guess)
    }

    /// The value for an expression of a kind.
    pub(super) fn value(self, kind: Kind) -> Value {
        match kind {
            Kind::Flag => Value::Flag(self.0 == 1),
            Kind::Axis => Value::Axis(self.0 as isize - 1),
            _ => Value::Numbers(&[0.0]),
        }
    }
}

/// A shape of this form whose sizes are unknown.
pub(super) fn without_sizes(shape: &Shape) -> Shape {
    let sizes = [Size::Unknown; MAX_RANK];
    let shape_of_unknown = Shape::new(shape.kind, &sizes[..shape.rank()]);
    shape_of_unknown.with_mask(shape.is_masked()).with_list(shape.is_list())
}
