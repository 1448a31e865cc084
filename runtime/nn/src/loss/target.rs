//! The target of one row.

/// The target of one row.
#[derive(Clone, Copy, Debug)]
pub enum TargetRow<'a> {
    /// One number for each output; a flag is 0 or 1.
    Numbers(&'a [f32]),
    /// One number for each output, in double precision.
    Doubles(&'a [f64]),
    /// The class of the row: a one-hot target.
    Class(usize),
}

impl TargetRow<'_> {
    /// The target of output `index`.
    pub fn at(&self, index: usize) -> f64 {
        match self {
            TargetRow::Numbers(numbers) => numbers.get(index).map_or(0.0, |&x| f64::from(x)),
            TargetRow::Doubles(numbers) => numbers.get(index).copied().unwrap_or(0.0),
            TargetRow::Class(class) => f64::from(u8::from(*class == index)),
        }
    }
}
