//! Affine scaling, shared by several steps.

use multi_input_base::{Notice, NoticeKind};
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use serde::{Deserialize, Serialize};

use super::merging::Mergeable;
#[cfg(feature = "onnx")]
use super::onnx::{by_column, in_double};
use crate::{schema::Step, Real, Values};

/// (x - shift) / scale, for each index of the last axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// The shift of each index of the last axis.
    pub shift: Vec<f64>,
    /// The scale of each index of the last axis; greater than 0.
    pub scale: Vec<f64>,
    /// The columns without spread in the training rows, which are not scaled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unscaled: Vec<Unscaled>,
}

/// The methods of a [`LearnedStep`](super::stage::LearnedStep) that has learned an [`Affine`].
macro_rules! applies_affine {
    () => {
        fn check(&self, fitted: &Affine, step: &Step) -> Result<(), String> {
            fitted.check(step)
        }

        fn apply(&self, fitted: &Affine, _: &Step, values: Values) -> Result<Values, Refusal> {
            Ok(fitted.apply(values))
        }

        fn invert(&self, fitted: &Affine, _: &Step, numbers: &mut [f64]) {
            fitted.invert(numbers);
        }

        fn notices(&self, fitted: &Affine, _: &Step) -> Vec<Notice> {
            fitted.notices()
        }

        #[cfg(feature = "onnx")]
        fn to_onnx(
            &self,
            fitted: &Affine,
            step: &Step,
            graph: &mut multi_input_onnx::Graph,
            flow: multi_input_onnx::Flow,
        ) -> Result<multi_input_onnx::Flow, multi_input_onnx::Refusal> {
            Ok(fitted.to_onnx(step, graph, flow))
        }

        #[cfg(feature = "onnx")]
        fn inverse_to_onnx(
            &self,
            fitted: &Affine,
            step: &Step,
            graph: &mut multi_input_onnx::Graph,
            value: multi_input_onnx::Value,
        ) -> Result<multi_input_onnx::Value, multi_input_onnx::Refusal> {
            Ok(fitted.inverse_to_onnx(step, graph, &value))
        }
    };
}
pub(super) use applies_affine;

/// A column without spread in the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unscaled {
    /// Index on the last axis.
    column: usize,
    /// The value of all or most training rows; `None` where no row has a value.
    constant: Option<f64>,
}

/// The scaling of a column, computed from the training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ColumnScaling {
    /// A column with spread: (x - shift) / scale.
    Spread { shift: f64, scale: f64 },
    /// A constant column with the value `number`.
    Constant { number: f64, shift: f64, scale: f64 },
    /// A column without values in the training rows.
    Empty,
}

impl ColumnScaling {
    /// The scaling of a column with the given center and spread; `largest` is its maximum absolute
    /// value. Where the spread does not exceed the rounding error, the scale is 1, as in
    /// scikit-learn: dividing by it would amplify new values.
    pub(super) fn of(center: f64, spread: f64, largest: f64, rounding: Rounding) -> ColumnScaling {
        // Rounded to the type of the column, so that a constant column becomes exactly 0.
        let number = rounding.nearest(center);
        match spread <= rounding.tolerance(largest) {
            true => ColumnScaling::Constant { number, shift: number, scale: 1.0 },
            false => ColumnScaling::Spread { shift: center, scale: spread },
        }
    }
}

/// The precision of a column: `f32` or `f64`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Rounding {
    Single,
    Double,
}

impl Rounding {
    /// The rounding error of a column with the maximum absolute value `largest`.
    pub(super) fn tolerance(self, largest: f64) -> f64 {
        match self {
            Rounding::Single => f64::from(f32::EPSILON) * largest,
            Rounding::Double => f64::EPSILON * largest,
        }
    }

    /// Rounds a number to the type of the column.
    fn nearest(self, number: f64) -> f64 {
        match self {
            Rounding::Single => f64::from(number as f32),
            Rounding::Double => number,
        }
    }
}

/// The statistics of each column during fitting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Columns<T> {
    columns: Vec<T>,
    rounding: Rounding,
}

impl<T: Clone> Columns<T> {
    /// Creates the statistics of each index of the last axis as a clone of `start`.
    pub(super) fn new(step: &Step, start: T) -> Columns<T> {
        Columns { columns: vec![start; step.input.last().get()], rounding: Rounding::Single }
    }

    /// Calls `update` for every number that is not missing, with the statistics of its column.
    pub(super) fn update(&mut self, values: &Values, update: impl Fn(&mut T, f64)) {
        if let Values::Doubles(_) = values {
            self.rounding = Rounding::Double;
        }
        update_by_column(&mut self.columns, values, update);
    }
}

impl<T: Mergeable> Mergeable for Columns<T> {
    fn merge(&mut self, later: Columns<T>) -> Result<(), String> {
        if let Rounding::Double = later.rounding {
            self.rounding = Rounding::Double;
        }
        self.columns.merge(later.columns)
    }
}

impl Affine {
    /// Computes the scaling of each column from its statistics with `learn`.
    pub(super) fn of<T>(
        columns: Columns<T>,
        learn: impl Fn(T, Rounding) -> ColumnScaling,
    ) -> Affine {
        let Columns { columns, rounding } = columns;
        let mut affine = Affine { shift: Vec::new(), scale: Vec::new(), unscaled: Vec::new() };
        for (column, statistics) in columns.into_iter().enumerate() {
            let (shift, scale, constant) = match learn(statistics, rounding) {
                ColumnScaling::Spread { shift, scale } => (shift, scale, None),
                ColumnScaling::Constant { number, shift, scale } => {
                    (shift, scale, Some(Some(number)))
                }
                ColumnScaling::Empty => (0.0, 1.0, Some(None)),
            };
            affine.shift.push(shift);
            affine.scale.push(scale);
            affine.unscaled.extend(constant.map(|constant| Unscaled { column, constant }));
        }
        affine
    }

    /// Notices about the columns that are not scaled.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.unscaled.iter().map(|unscaled| unscaled.notice(self.shift.len())).collect()
    }

    /// Returns the reason if the scaling does not match the step or is not finite.
    pub(super) fn check(&self, step: &Step) -> Result<(), String> {
        let width = step.input.last().get();
        if self.shift.len() != width || self.scale.len() != width {
            return Err(format!("expected {width} shifts and scales, found {}", self.shift.len()));
        }
        let is_valid = |unscaled: &Unscaled| {
            unscaled.column < width && unscaled.constant.is_none_or(f64::is_finite)
        };
        if !self.unscaled.iter().all(is_valid) {
            return Err(format!("a column without spread that is none of {width}"));
        }
        let finite = self.shift.iter().chain(&self.scale).all(|number| number.is_finite());
        match finite && self.scale.iter().all(|scale| *scale > 0.0) {
            true => Ok(()),
            false => Err("it has a scale that is not above 0".to_owned()),
        }
    }

    /// Applies the scaling, computed in `f64`.
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

    /// [`apply`](Affine::apply) in a graph. The scale divides, as its reciprocal would give other bits.
    #[cfg(feature = "onnx")]
    pub(super) fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> onnx::Flow {
        let rounding = match flow.value.dtype {
            onnx::DataType::Double => Rounding::Double,
            _ => Rounding::Single,
        };
        in_double(graph, flow, |graph, value| {
            let value = self.constants_to_onnx(step, graph, value, rounding);
            let shift = by_column(graph, step, &self.shift);
            let scale = by_column(graph, step, &self.scale);
            let shifted = graph.sub(&value, &shift);
            graph.div(&shifted, &scale)
        })
    }

    /// [`Unscaled::round`] of every column in a graph.
    #[cfg(feature = "onnx")]
    fn constants_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: &onnx::Value,
        rounding: Rounding,
    ) -> onnx::Value {
        let mut constants = vec![0.0; self.shift.len()];
        // No distance is below 0.
        let mut tolerances = vec![-1.0; self.shift.len()];
        for unscaled in &self.unscaled {
            if let Some(constant) = unscaled.constant {
                constants[unscaled.column] = constant;
                tolerances[unscaled.column] = rounding.tolerance(constant.abs());
            }
        }
        if tolerances.iter().all(|tolerance| *tolerance < 0.0) {
            return value.clone();
        }
        let constants = by_column(graph, step, &constants);
        let tolerances = by_column(graph, step, &tolerances);
        let difference = graph.sub(value, &constants);
        let distance = graph.unary("Abs", &difference);
        let is_near = graph.greater_or_equal(&tolerances, &distance);
        graph.choose(&is_near, &constants, value)
    }

    /// [`invert`](Affine::invert) in a graph.
    #[cfg(feature = "onnx")]
    pub(super) fn inverse_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: &onnx::Value,
    ) -> onnx::Value {
        let shift = by_column(graph, step, &self.shift);
        let scale = by_column(graph, step, &self.scale);
        let scaled = graph.mul(value, &scale);
        graph.add(&scaled, &shift)
    }

    /// Applies the inverse.
    pub(super) fn invert(&self, numbers: &mut [f64]) {
        for row in numbers.chunks_exact_mut(self.shift.len().max(1)) {
            for ((number, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                *number = *number * scale + shift;
            }
        }
    }
}

impl Unscaled {
    /// Replaces a value that differs from the constant only by rounding error with the constant:
    /// optimizers such as Adam would take full steps on such noise.
    fn round<T: Real>(&self, row: &mut [T], rounding: Rounding) {
        let (Some(constant), number) = (self.constant, &mut row[self.column]) else { return };
        if (number.as_f64() - constant).abs() <= rounding.tolerance(constant.abs()) {
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

/// Calls `update` for every number that is not missing, with the statistics of its column.
pub(super) fn update_by_column<T>(
    columns: &mut [T],
    values: &Values,
    update: impl Fn(&mut T, f64),
) {
    match values {
        Values::Numbers(numbers) => update_each(columns, numbers, update),
        Values::Doubles(numbers) => update_each(columns, numbers, update),
        _ => {}
    }
}

fn update_each<T, N: Real>(columns: &mut [T], numbers: &[N], update: impl Fn(&mut T, f64)) {
    for row in numbers.chunks_exact(columns.len().max(1)) {
        for (column, number) in columns.iter_mut().zip(row).filter(|(_, n)| !n.is_nan()) {
            update(column, number.as_f64());
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
        let columns = vec![(5.0, 2.0), (1.0, 1e-8), (-3.0, 0.0)];
        let columns = |rounding: Rounding| Columns { columns: columns.clone(), rounding };
        let learn = |(center, spread): (f64, f64), rounding: Rounding| {
            ColumnScaling::of(center, spread, center.abs(), rounding)
        };
        let affine = Affine::of(columns(Rounding::Single), learn);
        assert_eq!((affine.shift, affine.scale), (vec![5.0, 1.0, -3.0], vec![2.0, 1.0, 1.0]));
        // In `f64`, 1e-8 is larger than the rounding error of 1.
        assert_eq!(Affine::of(columns(Rounding::Double), learn).scale, [2.0, 1e-8, 1.0]);
        let empty = Columns { columns: vec![()], rounding: Rounding::Double };
        let empty = Affine::of(empty, |(), _| ColumnScaling::Empty);
        let notices: Vec<String> =
            empty.notices().iter().map(|notice| notice.to_string()).collect();
        assert_eq!(
            notices,
            ["none of the rows it was fitted on has a value, so it is neither shifted nor scaled"]
        );
    }
}
