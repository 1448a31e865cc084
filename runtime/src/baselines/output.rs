//! The baselines of one output.

use multi_input_data::{Column, Table};
use multi_input_nn::loss::TargetRow;

use super::{
    features::{Features, Matrix},
    logistic::Logistic,
    neighbours::{self, Neighbours},
    ridge::Ridge,
    Method,
};
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
    /// The index of the rows among those of all outputs, and their targets.
    neighbours: (usize, Matrix),
}

enum Linear {
    Numbers(Ridge),
    Class(Logistic),
    Flags(Vec<Logistic>),
}

impl OutputBaselines {
    /// Fits on the encoded rows with a known target; `None` without any. Adds to `pool`, the neighbours
    /// of all outputs, unless they are there.
    pub(super) fn fit(
        output: &Output,
        target: &Column,
        (features, encoded): (&Features, &Table),
        pool: &mut Vec<Neighbours>,
    ) -> Option<OutputBaselines> {
        let known: Vec<usize> =
            (0..encoded.rows).filter(|row| target_row(target, *row).is_some()).collect();
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
        for row in known.iter().filter_map(|row| target_row(target, *row)) {
            let count = known.len() as f64;
            mean.iter_mut().enumerate().for_each(|(index, mean)| *mean += row.at(index) / count);
        }
        let is_numbers = output.target.kind.is_numbers();
        let functions = if is_numbers { 1 } else { width };
        let most = MOST_LOGISTIC / (features.count().max(1) * functions);
        let of_linear = evenly(&known, if is_numbers { MOST_ROWS } else { most.min(MOST_ROWS) });
        let of_neighbours =
            evenly(&known, (MOST_NEIGHBOURS / features.count().max(1)).min(MOST_ROWS));
        let (x, y) = (features.of(encoded, &of_linear), targets(&of_linear));
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
        let own_targets = targets(&of_neighbours);
        let place = pool.iter().position(|other| other.rows == of_neighbours);
        let place = place.unwrap_or_else(|| {
            let matrix = features.of(encoded, &of_neighbours);
            pool.push(Neighbours::new(of_neighbours, matrix));
            pool.len() - 1
        });
        Some(OutputBaselines {
            rows: known.len(),
            mean,
            linear,
            linear_rows: of_linear.len(),
            neighbours: (place, own_targets),
        })
    }

    /// The number of training rows of a method.
    pub(super) fn training_rows(&self, method: Method) -> Option<usize> {
        match method {
            Method::Model => None,
            Method::Mean => Some(self.rows),
            Method::Linear => Some(self.linear_rows),
            Method::Neighbours => Some(self.neighbours.1.rows),
        }
    }

    /// The prediction for one row: numbers in the user's unit, or probabilities. `nearest` are the
    /// nearest rows among each of the neighbours of all outputs.
    pub(super) fn predict(
        &self,
        method: Method,
        features: &[f64],
        nearest: &[Vec<usize>],
    ) -> Vec<f64> {
        let (place, targets) = &self.neighbours;
        match (method, &self.linear) {
            (Method::Model | Method::Mean, _) => self.mean.clone(),
            (Method::Neighbours, _) => neighbours::mean(targets, &nearest[*place]),
            (Method::Linear, Linear::Numbers(ridge)) => ridge.predict(features),
            (Method::Linear, Linear::Class(logistic)) => logistic.predict(features),
            (Method::Linear, Linear::Flags(labels)) => {
                labels.iter().map(|logistic| logistic.predict(features)[1]).collect()
            }
        }
    }
}

/// At most `most` of some rows, evenly spaced.
pub(super) fn evenly(rows: &[usize], most: usize) -> Vec<usize> {
    let count = rows.len().min(most.max(1));
    (0..count).map(|index| rows[index * rows.len() / count]).collect()
}

/// The errors of the predictions so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Errors {
    /// The number of rows with a known target.
    pub(super) rows: usize,
    /// Sums of squared and absolute errors, or of right predictions and their log loss.
    sums: [f64; 2],
    /// The number of elements.
    count: f64,
}

impl Errors {
    /// Compares the predictions for some rows with their known targets.
    pub(super) fn add(
        &mut self,
        output: &Output,
        (target, rows): (&Column, &[usize]),
        predicted: &[f64],
    ) {
        let predicted = points(output, predicted);
        for (&row, predicted) in rows.iter().zip(predicted.chunks_exact(output.width.max(1))) {
            let Some(target) = target_row(target, row) else { continue };
            self.rows += 1;
            match (output.target.kind, target) {
                (TargetKind::Class, TargetRow::Class(class)) => {
                    let is_right = largest(predicted) == class;
                    let probability = predicted.get(class).copied().unwrap_or(0.0);
                    self.add_element([f64::from(u8::from(is_right)), log_loss(probability)]);
                }
                (TargetKind::Flag | TargetKind::Flags, target) => {
                    for (index, probability) in predicted.iter().enumerate() {
                        let is_true = target.at(index) > 0.5;
                        let is_right = (*probability > 0.5) == is_true;
                        let of_truth = if is_true { *probability } else { 1.0 - probability };
                        self.add_element([f64::from(u8::from(is_right)), log_loss(of_truth)]);
                    }
                }
                (_, target) => {
                    for (index, number) in predicted.iter().enumerate() {
                        let error = number - target.at(index);
                        self.add_element([error * error, error.abs()]);
                    }
                }
            }
        }
    }

    fn add_element(&mut self, [first, second]: [f64; 2]) {
        self.sums = [self.sums[0] + first, self.sums[1] + second];
        self.count += 1.0;
    }

    /// `rmse` and `mae`, or `accuracy` and `log_loss`. Of several numbers or labels, the mean over
    /// all of them.
    pub(super) fn figures(&self, output: &Output) -> Vec<(String, f64)> {
        let [first, second] = self.sums.map(|sum| sum / self.count);
        let figures = match output.target.kind.is_numbers() {
            true => [("rmse", first.sqrt()), ("mae", second)],
            false => [("accuracy", first), ("log_loss", second)],
        };
        figures.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
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
