//! A shift and a scale for each index of the last axis, as several steps learn them.

use serde::{Deserialize, Serialize};

use crate::{data::Values, definition::Step, Notice, NoticeKind};

/// (x - shift) / scale, for each index of the last axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Affine {
    /// One for each index of the last axis.
    pub shift: Vec<f64>,
    /// What each difference is divided by; above 0.
    pub scale: Vec<f64>,
    /// The columns whose scale is not learned, for want of a spread.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unscaled: Vec<Unscaled>,
}

/// A column whose numbers say nothing about its scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unscaled {
    /// The index on the last axis.
    column: usize,
    /// The number that all training rows have, or most; `None` where no row has any.
    constant: Option<f64>,
}

/// What the training rows say of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Learned {
    /// What is taken away, and what the difference is divided by.
    Spread { shift: f64, scale: f64 },
    /// The column is this number; it is shifted and not scaled.
    Constant { number: f64, shift: f64, scale: f64 },
    /// No training row has a number.
    Empty,
}

impl Learned {
    /// A column around `center` whose numbers are so far apart, the largest of which is `largest`
    /// without its sign. Where the spread is no more than the rounding of `f32`, the scale is 1, as
    /// in scikit-learn: dividing by it would blow up any number that differs later.
    pub(super) fn of(center: f64, spread: f64, largest: f64) -> Learned {
        // As `f32` has it, so that what is left of the constant is 0 and no rounding error.
        let number = f64::from(center as f32);
        match is_within_rounding(spread, largest) {
            true => Learned::Constant { number, shift: number, scale: 1.0 },
            false => Learned::Spread { shift: center, scale: spread },
        }
    }
}

/// Whether numbers so far apart, the largest of which is `largest` without its sign, differ by no
/// more than the rounding of `f32`.
pub(super) fn is_within_rounding(spread: f64, largest: f64) -> bool {
    spread <= f64::from(f32::EPSILON) * largest
}

impl Affine {
    /// One shift and one scale for each column, from what `learn` makes of it.
    pub(super) fn of<T>(columns: Vec<T>, learn: impl Fn(T) -> Learned) -> Affine {
        let mut affine = Affine { shift: Vec::new(), scale: Vec::new(), unscaled: Vec::new() };
        for (column, seen) in columns.into_iter().enumerate() {
            let (shift, scale, constant) = match learn(seen) {
                Learned::Spread { shift, scale } => (shift, scale, None),
                Learned::Constant { number, shift, scale } => (shift, scale, Some(Some(number))),
                Learned::Empty => (0.0, 1.0, Some(None)),
            };
            affine.shift.push(shift);
            affine.scale.push(scale);
            affine.unscaled.extend(constant.map(|constant| Unscaled { column, constant }));
        }
        affine
    }

    /// What is worth knowing about columns that are not scaled.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.unscaled.iter().map(|unscaled| unscaled.notice(self.shift.len())).collect()
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
                self.unscaled.iter().for_each(|unscaled| unscaled.round(row));
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

impl Unscaled {
    /// Makes what differs from the constant by no more than rounding the constant: an optimizer such
    /// as Adam would take steps of full length on such noise.
    fn round(&self, row: &mut [f32]) {
        let (Some(constant), number) = (self.constant, &mut row[self.column]) else { return };
        if is_within_rounding((f64::from(*number) - constant).abs(), constant.abs()) {
            *number = constant as f32;
        }
    }

    fn notice(&self, width: usize) -> Notice {
        let notice = match self.constant {
            Some(number) => Notice::new(
                NoticeKind::ConstantColumn,
                format!(
                    "without spread in the training rows (all or most are {number}), so it is \
                     shifted but not scaled; another value later is new to the model"
                ),
            ),
            None => Notice::new(
                NoticeKind::EmptyColumn,
                "no training row has a value, so it is neither shifted nor scaled",
            ),
        };
        if width > 1 {
            notice.column(self.column)
        } else {
            notice
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
        let affine = Affine { shift: vec![2.0, 10.0], scale: vec![1.0, 0.5], unscaled: Vec::new() };
        let there = affine.apply(Values::Numbers(vec![1.0, 10.0, 3.0, f32::NAN]));
        let Values::Numbers(numbers) = there else { panic!() };
        assert_eq!(numbers[..3], [-1.0, 0.0, 1.0]);
        assert!(numbers[3].is_nan(), "what is missing stays so");
        let mut back = [-1.0, 0.0, 1.0, 2.0];
        affine.invert(&mut back);
        assert_eq!(back, [1.0, 10.0, 3.0, 11.0]);
    }

    #[test]
    fn a_column_without_spread_is_not_scaled_and_says_so() {
        let spreads = vec![(5.0, 2.0), (1.0, 1e-8), (-3.0, 0.0)];
        let affine = Affine::of(spreads, |(center, spread): (f64, f64)| {
            Learned::of(center, spread, center.abs())
        });
        assert_eq!((affine.shift, affine.scale), (vec![5.0, 1.0, -3.0], vec![2.0, 1.0, 1.0]));
        let empty = Affine::of(vec![()], |()| Learned::Empty);
        let notices: Vec<String> =
            empty.notices().iter().map(|notice| notice.to_string()).collect();
        assert_eq!(notices, ["no training row has a value, so it is neither shifted nor scaled"]);
    }
}
