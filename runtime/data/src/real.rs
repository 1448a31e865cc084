//! The number types of columns.

use multi_input_cells::Precision;
use serde::Serialize;

use super::Values;

/// The number type of a column: `f32` or `f64`.
pub trait Real: Precision + Serialize + Send + Sync + 'static {
    /// The numbers of a column of this type; `None` for a column of another type.
    fn numbers_of(values: &mut Values) -> Option<&mut Vec<Self>>;
}

impl Real for f32 {
    fn numbers_of(values: &mut Values) -> Option<&mut Vec<f32>> {
        match values {
            Values::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }
}

impl Real for f64 {
    fn numbers_of(values: &mut Values) -> Option<&mut Vec<f64>> {
        match values {
            Values::Doubles(numbers) => Some(numbers),
            _ => None,
        }
    }
}
