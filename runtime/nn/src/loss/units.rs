//! The scale of a preprocessed target.

/// The length of one unit of the target after preprocessing, for each index of the last axis: 1 /
/// scale after `standardize`, 1 without preprocessing.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a>(&'a [f64]);

impl<'a> Units<'a> {
    /// No preprocessing: 1 for each index.
    pub const OWN: Units<'static> = Units(&[]);

    /// One unit for each index of the last axis.
    pub fn new(units: &'a [f64]) -> Units<'a> {
        Units(units)
    }

    /// The unit of output `index`.
    pub fn at(&self, index: usize) -> f64 {
        match self.0.len() {
            0 => 1.0,
            width => self.0[index % width],
        }
    }
}
