//! What the steps of a target have made of its unit.

/// What a difference of 1 in the target's own unit is in the numbers that a loss compares, for each
/// index of the last axis: 1 / scale after `standardize`, 1 where the target has no steps.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a>(&'a [f64]);

impl<'a> Units<'a> {
    /// The target's own.
    pub const OWN: Units<'static> = Units(&[]);

    /// One for each index of the last axis.
    pub fn new(units: &'a [f64]) -> Units<'a> {
        Units(units)
    }

    /// That of the head's number `index`.
    pub fn at(&self, index: usize) -> f64 {
        match self.0.len() {
            0 => 1.0,
            width => self.0[index % width],
        }
    }
}
