//! The baselines of one output.

use multi_input_data::Column;
use multi_input_nn::loss::TargetRow;

use super::{features::Matrix, logistic::Logistic, neighbours::Neighbours, ridge::Ridge, Method};
use crate::{
    definition::{Output, TargetKind},
    objective::{points, target_row},
};

/// Upper bound of the number of training rows of every method but the mean.
const MOST_ROWS: usize = 10_000;

/// Upper bound of rows * features * classes of logistic regression, for each of its iterations.
const MOST_LOGISTIC: usize = 20_000_000;

/// Upper bound of rows * features of the neighbours, for each prediction.
const MOST_NEIGHBOURS: usize = 200_000;

/// The fitted methods.
pub(super) struct OutputBaselines {
    rows: usize,
    mean: Vec<f64>,
    linear: Linear,
    linear_rows: usize,
    neighbours: Neighbours,
    neighbour_rows: usize,
}

enum Linear {
    Numbers(Ridge),
    Class(Logistic),
    Flags(Vec<Logistic>),
}

impl OutputBaselines {
    /// Fits on the rows with a known target; `None` without any.
    pub(super) fn fit(
        output: &Output,
        target: &Column,
        features: &Matrix,
    ) -> Option<OutputBaselines> {
        let known: Vec<usize> =
            (0..features.rows).filter(|row| target_row(target, *row).is_some()).collect();
        if known.is_empty() {
            return None;
        }
        let width = output.width.max(1);
        let targets = |rows: &[usize]| {
            let known = rows.iter().filter_map(|row| target_row(target, *row));
            let numbers = known.flat_map(|row| (0..width).map(move |index| row.at(index)));
            Matrix { rows: rows.len(), width, numbers: numbers.collect() }
        };
        let mut mean = vec![0.0; width];
        for row in targets(&known).numbers.chunks_exact(width) {
            let count = known.len() as f64;
            mean.iter_mut().zip(row).for_each(|(mean, number)| *mean += number / count);
        }
        let is_numbers = output.target.kind.is_numbers();
        let functions = if is_numbers { 1 } else { width };
        let most = MOST_LOGISTIC / (features.width.max(1) * functions);
        let of_linear = evenly(&known, if is_numbers { MOST_ROWS } else { most.min(MOST_ROWS) });
        let of_neighbours =
            evenly(&known, (MOST_NEIGHBOURS / features.width.max(1)).min(MOST_ROWS));
        let (x, y) = (features.of_rows(&of_linear), targets(&of_linear));
        let linear = match output.target.kind {
            TargetKind::Numbers | TargetKind::Doubles => Linear::Numbers(Ridge::fit(&x, &y)),
            TargetKind::Class => {
                let class = |row: &[f64]| row.iter().position(|flag| *flag == 1.0).unwrap_or(0);
                let classes: Vec<usize> = y.numbers.chunks_exact(width).map(class).collect();
                Linear::Class(Logistic::fit(&x, &classes, width))
            }
            TargetKind::Flag | TargetKind::Flags => {
                let of_label = |label: usize| {
                    let flags = (0..y.rows).map(|row| usize::from(y.row(row)[label] > 0.5));
                    Logistic::fit(&x, &flags.collect::<Vec<_>>(), 2)
                };
                Linear::Flags((0..width).map(of_label).collect())
            }
        };
        let neighbours = Neighbours::new(features.of_rows(&of_neighbours), targets(&of_neighbours));
        Some(OutputBaselines {
            rows: known.len(),
            mean,
            linear,
            linear_rows: of_linear.len(),
            neighbours,
            neighbour_rows: of_neighbours.len(),
        })
    }

    /// The number of training rows of a method.
    pub(super) fn training_rows(&self, method: Method) -> Option<usize> {
        match method {
            Method::Model => None,
            Method::Mean => Some(self.rows),
            Method::Linear => Some(self.linear_rows),
            Method::Neighbours => Some(self.neighbour_rows),
        }
    }

    /// The prediction for one row: numbers in the user's unit, or probabilities.
    pub(super) fn predict(&self, method: Method, features: &[f64]) -> Vec<f64> {
        match (method, &self.linear) {
            (Method::Model | Method::Mean, _) => self.mean.clone(),
            (Method::Neighbours, _) => self.neighbours.predict(features),
            (Method::Linear, Linear::Numbers(ridge)) => ridge.predict(features),
            (Method::Linear, Linear::Class(logistic)) => logistic.predict(features),
            (Method::Linear, Linear::Flags(labels)) => {
                labels.iter().map(|logistic| logistic.predict(features)[1]).collect()
            }
        }
    }
}

/// At most `most` of some rows, evenly spaced.
fn evenly(rows: &[usize], most: usize) -> Vec<usize> {
    let count = rows.len().min(most.max(1));
    (0..count).map(|index| rows[index * rows.len() / count]).collect()
}

/// The errors of predictions.
pub(super) struct Errors {
    /// The number of rows with a known target.
    pub(super) rows: usize,
    /// `rmse` and `mae`, or `accuracy` and `log_loss`.
    pub(super) figures: Vec<(String, f64)>,
}

/// Compares the predictions for all rows with the known targets. Of several numbers or labels, the
/// mean over all of them.
pub(super) fn errors(output: &Output, target: &Column, predicted: &[f64]) -> Errors {
    let width = output.width.max(1);
    let (mut rows, mut first, mut second, mut count) = (0, 0.0, 0.0, 0.0);
    for (row, predicted) in points(output, predicted).chunks_exact(width).enumerate() {
        let Some(target) = target_row(target, row) else { continue };
        rows += 1;
        match (output.target.kind, target) {
            (TargetKind::Class, TargetRow::Class(class)) => {
                let is_right = largest(predicted) == class;
                first += f64::from(u8::from(is_right));
                second += log_loss(predicted.get(class).copied().unwrap_or(0.0));
                count += 1.0;
            }
            (TargetKind::Flag | TargetKind::Flags, target) => {
                for (index, probability) in predicted.iter().enumerate() {
                    let is_true = target.at(index) > 0.5;
                    first += f64::from(u8::from((*probability > 0.5) == is_true));
                    second += log_loss(if is_true { *probability } else { 1.0 - probability });
                    count += 1.0;
                }
            }
            (_, target) => {
                for (index, number) in predicted.iter().enumerate() {
                    let error = number - target.at(index);
                    first += error * error;
                    second += error.abs();
                    count += 1.0;
                }
            }
        }
    }
    let (first, second) = (first / count, second / count);
    let figures = match output.target.kind.is_numbers() {
        true => [("rmse", first.sqrt()), ("mae", second)],
        false => [("accuracy", first), ("log_loss", second)],
    };
    Errors { rows, figures: figures.map(|(name, value)| (name.to_owned(), value)).to_vec() }
}

/// The index of the largest number, the first one of several.
fn largest(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (index, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = index;
        }
    }
    best
}

/// Minus the logarithm of a probability, which is clipped as in Keras.
fn log_loss(probability: f64) -> f64 {
    -probability.clamp(1e-7, 1.0 - 1e-7).ln()
}
