//! A shift and a scale for each index of the last axis, as several steps learn them.

use serde::{Deserialize, Serialize};

use crate::{data::Values, definition::Step};

/// (x - shift) / scale, for each index of the last axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Affine {
    /// One for each index of the last axis.
    pub shift: Vec<f64>,
    /// What each difference is divided by; above 0.
    pub scale: Vec<f64>,
}

impl Affine {
    /// One shift and one scale for each column, from what `learn` makes of it.
    pub(super) fn of<T>(columns: Vec<T>, learn: impl Fn(T) -> (f64, f64)) -> Affine {
        let (shift, scale) = columns.into_iter().map(learn).unzip();
        Affine { shift, scale }
    }

    /// Why it does not fit the step, or makes no numbers of numbers.
    pub(super) fn check(&self, step: &Step) -> Result<(), String> {
        let width = step.input.last().get();
        if self.shift.len() != width || self.scale.len() != width {
            return Err(format!("expected {width} shifts and scales, found {}", self.shift.len()));
        }
        let finite = self.shift.iter().chain(&self.scale).all(|number| number.is_finite());
        match finite && self.scale.iter().all(|scale| *scale > 0.0) {
            true => Ok(()),
            false => Err("it has a scale that is not above 0".to_owned()),
        }
    }

    /// Shifts and scales.
    pub(super) fn apply(&self, mut values: Values) -> Values {
        if let Values::Numbers(numbers) = &mut values {
            for row in numbers.chunks_exact_mut(self.shift.len().max(1)) {
                for ((number, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                    *number = ((f64::from(*number) - shift) / scale) as f32;
                }
            }
        }
        values
    }

    /// Scales and shifts back.
    pub(super) fn invert(&self, numbers: &mut [f64]) {
        for row in numbers.chunks_exact_mut(self.shift.len().max(1)) {
            for ((number, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                *number = *number * scale + shift;
            }
        }
    }
}

/// Hands every number that is there to the column it stands in.
pub(super) fn look_by_column<T>(columns: &mut [T], values: &Values, look: impl Fn(&mut T, f32)) {
    let Values::Numbers(numbers) = values else { return };
    for row in numbers.chunks_exact(columns.len().max(1)) {
        for (column, &number) in columns.iter_mut().zip(row).filter(|(_, n)| !n.is_nan()) {
            look(column, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_is_shifted_and_scaled_and_comes_back() {
        let affine = Affine { shift: vec![2.0, 10.0], scale: vec![1.0, 0.5] };
        let there = affine.apply(Values::Numbers(vec![1.0, 10.0, 3.0, f32::NAN]));
        let Values::Numbers(numbers) = there else { panic!() };
        assert_eq!(numbers[..3], [-1.0, 0.0, 1.0]);
        assert!(numbers[3].is_nan(), "what is missing stays so");
        let mut back = [-1.0, 0.0, 1.0, 2.0];
        affine.invert(&mut back);
        assert_eq!(back, [1.0, 10.0, 3.0, 11.0]);
    }
}
