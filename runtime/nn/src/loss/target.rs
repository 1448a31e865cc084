//! What a row's head is compared with.

/// The target of one row.
#[derive(Clone, Copy, Debug)]
pub enum TargetRow<'a> {
    /// One number for each of the head's; a flag is 0 or 1.
    Numbers(&'a [f32]),
    /// The same of a target in double precision.
    Doubles(&'a [f64]),
    /// The class of the row, which stands for a one-hot row.
    Class(usize),
}

impl TargetRow<'_> {
    /// The target of the head's number `index`.
    pub fn at(&self, index: usize) -> f64 {
        match self {
            TargetRow::Numbers(numbers) => numbers.get(index).map_or(0.0, |&x| f64::from(x)),
            TargetRow::Doubles(numbers) => numbers.get(index).copied().unwrap_or(0.0),
            TargetRow::Class(class) => f64::from(u8::from(*class == index)),
        }
    }
}
