//! A shift and a scale for each index of the last axis, as several steps learn them.

use multi_input_base::{Notice, NoticeKind};
use serde::{Deserialize, Serialize};

use crate::{schema::Step, Real, Values};

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
    /// without its sign. Where the spread is no more than their rounding, the scale is 1, as in
    /// scikit-learn: dividing by it would blow up any number that differs later.
    pub(super) fn of(center: f64, spread: f64, largest: f64, rounding: Rounding) -> Learned {
        // As rows have it, so that what is left of the constant is 0 and no rounding error.
        let number = rounding.nearest(center);
        match spread <= rounding.of(largest) {
            true => Learned::Constant { number, shift: number, scale: 1.0 },
            false => Learned::Spread { shift: center, scale: spread },
        }
    }
}

/// How the numbers of a column are rounded: as `f32`, or as `f64`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rounding {
    Single,
    Double,
}

impl Rounding {
    /// By how much a number may be off, if the largest of its column is `largest` without its sign.
    pub(super) fn of(self, largest: f64) -> f64 {
        match self {
            Rounding::Single => f64::from(f32::EPSILON) * largest,
            Rounding::Double => f64::EPSILON * largest,
        }
    }

    /// A number as the column has it.
    fn nearest(self, number: f64) -> f64 {
        match self {
            Rounding::Single => f64::from(number as f32),
            Rounding::Double => number,
        }
    }
}

/// What is kept of each column while training rows go by.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    each: Vec<T>,
    rounding: Rounding,
}

impl<T: Clone> Columns<T> {
    /// One for each index of the last axis, all of them as `start`.
    pub(super) fn new(step: &Step, start: T) -> Columns<T> {
        Columns { each: vec![start; step.input.last().get()], rounding: Rounding::Single }
    }

    /// Hands every number that is there to its column.
    pub(super) fn look(&mut self, values: &Values, look: impl Fn(&mut T, f64)) {
        if let Values::Doubles(_) = values {
            self.rounding = Rounding::Double;
        }
        look_by_column(&mut self.each, values, look);
    }
}

impl Affine {
    /// One shift and one scale for each column, from what `learn` makes of it.
    pub(super) fn of<T>(columns: Columns<T>, learn: impl Fn(T, Rounding) -> Learned) -> Affine {
        let Columns { each, rounding } = columns;
        let mut affine = Affine { shift: Vec::new(), scale: Vec::new(), unscaled: Vec::new() };
        for (column, seen) in each.into_iter().enumerate() {
            let (shift, scale, constant) = match learn(seen, rounding) {
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
        let known = |unscaled: &Unscaled| {
            unscaled.column < width && unscaled.constant.is_none_or(f64::is_finite)
        };
        if !self.unscaled.iter().all(known) {
            return Err(format!("a column without spread that is none of {width}"));
        }
        let finite = self.shift.iter().chain(&self.scale).all(|number| number.is_finite());
        match finite && self.scale.iter().all(|scale| *scale > 0.0) {
            true => Ok(()),
            false => Err("it has a scale that is not above 0".to_owned()),
        }
    }

    /// Shifts and scales, in `f64`.
    pub(super) fn apply(&self, mut values: Values) -> Values {
        match &mut values {
            Values::Numbers(numbers) => self.apply_to(numbers, Rounding::Single),
            Values::Doubles(numbers) => self.apply_to(numbers, Rounding::Double),
            _ => {}
        }
        values
    }

    fn apply_to<T: Real>(&self, numbers: &mut [T], rounding: Rounding) {
        for row in numbers.chunks_exact_mut(self.shift.len().max(1)) {
            self.unscaled.iter().for_each(|unscaled| unscaled.round(row, rounding));
            for ((number, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                *number = T::of((number.as_f64() - shift) / scale);
            }
        }
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
    fn round<T: Real>(&self, row: &mut [T], rounding: Rounding) {
        let (Some(constant), number) = (self.constant, &mut row[self.column]) else { return };
        if (number.as_f64() - constant).abs() <= rounding.of(constant.abs()) {
            *number = T::of(constant);
        }
    }

    fn notice(&self, width: usize) -> Notice {
        let notice = match self.constant {
            Some(number) => Notice::new(
                NoticeKind::ConstantColumn,
                format!(
                    "without spread in the rows it was fitted on (all or most are {number}), so it is \
                     shifted but not scaled; another value later is new to the model"
                ),
            ),
            None => Notice::new(
                NoticeKind::EmptyColumn,
                "none of the rows it was fitted on has a value, so it is neither shifted nor scaled",
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
pub(super) fn look_by_column<T>(columns: &mut [T], values: &Values, look: impl Fn(&mut T, f64)) {
    match values {
        Values::Numbers(numbers) => look_at(columns, numbers, look),
        Values::Doubles(numbers) => look_at(columns, numbers, look),
        _ => {}
    }
}

fn look_at<T, N: Real>(columns: &mut [T], numbers: &[N], look: impl Fn(&mut T, f64)) {
    for row in numbers.chunks_exact(columns.len().max(1)) {
        for (column, number) in columns.iter_mut().zip(row).filter(|(_, n)| !n.is_nan()) {
            look(column, number.as_f64());
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
        let each = vec![(5.0, 2.0), (1.0, 1e-8), (-3.0, 0.0)];
        let columns = |rounding: Rounding| Columns { each: each.clone(), rounding };
        let learn = |(center, spread): (f64, f64), rounding: Rounding| {
            Learned::of(center, spread, center.abs(), rounding)
        };
        let affine = Affine::of(columns(Rounding::Single), learn);
        assert_eq!((affine.shift, affine.scale), (vec![5.0, 1.0, -3.0], vec![2.0, 1.0, 1.0]));
        // In `f64` there is more between 1 and its neighbours.
        assert_eq!(Affine::of(columns(Rounding::Double), learn).scale, [2.0, 1e-8, 1.0]);
        let empty = Columns { each: vec![()], rounding: Rounding::Double };
        let empty = Affine::of(empty, |(), _| Learned::Empty);
        let notices: Vec<String> =
            empty.notices().iter().map(|notice| notice.to_string()).collect();
        assert_eq!(
            notices,
            ["none of the rows it was fitted on has a value, so it is neither shifted nor scaled"]
        );
    }
}
