//! Sizes, which may be known to rustc only.

/// The size of one dimension.
///
/// A literal is [`Known`](Size::Known) to the macro. A `const` path is [`Unknown`](Size::Unknown)
/// while the macro runs, and known when rustc evaluates the same formula in a constant. One formula
/// serves both: arithmetic propagates `Unknown`, and checks accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A known number.
    Known(usize),
    /// A `const` path whose value the macro does not know.
    Unknown,
}

impl Size {
    /// A size given by the user. Zero becomes unknown here, so that only
    /// [`agree::size`](crate::agree::size) reports it.
    pub const fn given(number: usize) -> Size {
        match number {
            0 => Size::Unknown,
            _ => Size::Known(number),
        }
    }

    /// `self + other`, saturating.
    pub const fn plus(self, other: Size) -> Size {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.saturating_add(b)),
            _ => Size::Unknown,
        }
    }

    /// `self - other`, at least 0.
    pub const fn minus(self, other: Size) -> Size {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.saturating_sub(b)),
            _ => Size::Unknown,
        }
    }

    /// `self * other`, saturating.
    pub const fn times(self, other: Size) -> Size {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.saturating_mul(b)),
            _ => Size::Unknown,
        }
    }

    /// `self / parts`, rounded down; division by 0 gives 0.
    pub const fn over(self, parts: Size) -> Size {
        match (self, parts) {
            (Size::Known(_), Size::Known(0)) => Size::Known(0),
            (Size::Known(a), Size::Known(b)) => Size::Known(a / b),
            _ => Size::Unknown,
        }
    }

    /// Whether both are known and `self` is not divisible by `parts`.
    pub const fn is_not_divided_by(self, parts: Size) -> bool {
        match (self, parts) {
            (Size::Known(_), Size::Known(0)) => true,
            (Size::Known(a), Size::Known(b)) => a % b != 0,
            _ => false,
        }
    }

    /// Whether both are known and not equal.
    pub const fn differs(self, other: Size) -> bool {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => a != b,
            _ => false,
        }
    }

    /// Whether this is known to be `number`.
    pub const fn is(self, number: usize) -> bool {
        matches!(self, Size::Known(n) if n == number)
    }

    /// The number, or 0 if unknown.
    pub const fn get(self) -> usize {
        match self {
            Size::Known(number) => number,
            Size::Unknown => 0,
        }
    }
}
