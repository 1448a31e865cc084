//! Sizes, some of which only rustc knows.

/// The size of one dimension.
///
/// A literal is [`Known`](Size::Known) to the macro. A `const` path is [`Unknown`](Size::Unknown)
/// while the macro runs and known when rustc evaluates the same formula in a constant, so one
/// formula serves both: arithmetic carries `Unknown` along, and a check passes on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The number is known here.
    Known(usize),
    /// A `const` path whose value the macro cannot see.
    Unknown,
}

impl Size {
    /// A size that the user gave. Zero is refused where it is given, see
    /// [`agree::size`](crate::agree::size); unknown everywhere else, so that it is refused once.
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

    /// `self * other`, saturating.
    pub const fn times(self, other: Size) -> Size {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.saturating_mul(b)),
            _ => Size::Unknown,
        }
    }

    /// `self / parts`, rounded down; 0 parts leave nothing to divide by and give 0.
    pub const fn over(self, parts: Size) -> Size {
        match (self, parts) {
            (Size::Known(_), Size::Known(0)) => Size::Known(0),
            (Size::Known(a), Size::Known(b)) => Size::Known(a / b),
            _ => Size::Unknown,
        }
    }

    /// Whether both are known and this cannot be split into so many equal parts.
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

    /// The number, or 0 where it is not known.
    pub const fn get(self) -> usize {
        match self {
            Size::Known(number) => number,
            Size::Unknown => 0,
        }
    }
}
