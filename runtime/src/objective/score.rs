//! Losses and metrics accumulated over the rows of an epoch or evaluation.

use multi_input_base::{Error, Result};
use multi_input_data::{preprocess::Preprocessing, Labels};

use super::{accumulator::Accumulator, points, target_row, Objective, RowBatch};
use crate::{
    definition::{Graph, Output},
    history::{Figures, Phase},
};

/// Accumulated losses and metrics.
pub(crate) struct Scores {
    graph: &'static Graph,
    rows: usize,
    /// The sum over the rows of the regularisation penalties.
    penalties: f64,
    losses: Vec<KnownLosses>,
    /// For each output, the metrics of [`Output::reported`](crate::definition::Output::reported).
    metrics: Vec<Vec<Accumulator>>,
}

/// The accumulated loss of an output over rows with a known target.
#[derive(Clone, Copy, Debug, Default)]
struct KnownLosses {
    sum: f64,
    rows: f64,
}

impl KnownLosses {
    /// NaN before the first row.
    fn mean(self) -> f64 {
        self.sum / self.rows
    }
}

impl Scores {
    /// Scores before the first row. `fitted` knows the labels of classes.
    ///
    /// # Errors
    /// [`Error::Settings`] if a metric names a label that no training row has.
    pub(crate) fn new(graph: &'static Graph, fitted: Option<&Preprocessing>) -> Result<Scores> {
        let mut mistakes = Vec::new();
        let mut of_output = |output: &Output| {
            let labels = fitted.and_then(|fitted| fitted.labels_of(output.name));
            let labels = labels.map(Labels::names);
            let accumulators = output.reported().filter_map(|(name, metric)| {
                let accumulator = Accumulator::new(output, metric, labels);
                let mistake = |text| format!("`{name}` of output `{}`: {text}", output.name);
                accumulator.map_err(|text| mistakes.push(mistake(text))).ok()
            });
            accumulators.collect()
        };
        let metrics = graph.outputs.iter().map(&mut of_output).collect();
        let losses = vec![KnownLosses::default(); graph.outputs.len()];
        match mistakes.is_empty() {
            true => Ok(Scores { graph, rows: 0, penalties: 0.0, losses, metrics }),
            false => Err(Error::Settings(mistakes)),
        }
    }

    /// Adds the losses of a batch of `rows` rows; each loss is a sum over the rows with a known
    /// target, divided by the objective's divisor. `penalties` is the sum over the rows of the
    /// regularisation penalty.
    pub(crate) fn losses(&mut self, objective: &Objective, penalties: f64, rows: usize) {
        self.rows += rows;
        self.penalties += penalties;
        let batch = objective.by_output.iter().zip(&objective.divisors).zip(&objective.known);
        for (losses, ((loss, divisor), &known)) in self.losses.iter_mut().zip(batch) {
            losses.sum += loss * divisor;
            losses.rows += known as f64;
        }
    }

    /// Adds the metrics of a batch: compares predictions with targets in the user's unit.
    pub(crate) fn predictions(&mut self, predictions: &[Vec<f64>], batch_rows: &RowBatch<'_>) {
        let (raw, rows) = batch_rows.raw_targets();
        let targets = raw.columns.iter().skip(self.graph.inputs.len());
        let outputs = self.graph.outputs.iter().zip(&mut self.metrics).zip(predictions);
        for (index, (((output, metrics), predictions), target)) in outputs.zip(targets).enumerate()
        {
            let predictions = points(output, predictions);
            for (prediction, &row) in predictions.chunks_exact(output.width.max(1)).zip(rows) {
                let Some(target) = target_row(target, row) else { continue };
                let (plain, weighted) = metrics.split_at_mut(output.metrics.len());
                plain.iter_mut().for_each(|metric| metric.update(prediction, target, |_| 1.0));
                let weight = |flag| batch_rows.weights().of_element(index, row, flag);
                weighted.iter_mut().for_each(|metric| metric.update(prediction, target, weight));
            }
        }
    }

    /// The accumulated state, by name.
    pub(crate) fn state(&self) -> Vec<(String, Vec<f64>)> {
        let mut sums = vec![self.rows as f64, self.penalties];
        sums.extend(self.losses.iter().flat_map(|losses| [losses.sum, losses.rows]));
        let mut state = vec![("scores".to_owned(), sums)];
        for (index, metric) in self.metrics.iter().flatten().enumerate() {
            state.push((format!("metric.{index}"), metric.state()));
        }
        state
    }

    /// Restores a state. Invalid parts are ignored, so that [`state`](Scores::state) then differs
    /// from the given one.
    pub(crate) fn set_state(&mut self, numbers: impl Fn(&str) -> Option<Vec<f64>>) {
        if let Some(sums) = numbers("scores") {
            if let [rows, penalties, losses @ ..] = &sums[..] {
                let fits = losses.len() == 2 * self.losses.len();
                if fits && *rows < (1_u64 << 53) as f64 {
                    (self.rows, self.penalties) = (*rows as usize, *penalties);
                    for (own, saved) in self.losses.iter_mut().zip(losses.chunks_exact(2)) {
                        *own = KnownLosses { sum: saved[0], rows: saved[1] };
                    }
                }
            }
        }
        for (index, metric) in self.metrics.iter_mut().flatten().enumerate() {
            if let Some(state) = numbers(&format!("metric.{index}")) {
                metric.set_state(&state);
            }
        }
    }

    /// Adds the rows of other scores of the same model, given their state.
    pub(crate) fn merge(&mut self, state: &[(String, Vec<f64>)]) {
        let Some(((_, sums), metrics)) = state.split_first() else { return };
        if let [rows, penalties, losses @ ..] = &sums[..] {
            self.rows += *rows as usize;
            self.penalties += penalties;
            for (own, other) in self.losses.iter_mut().zip(losses.chunks_exact(2)) {
                own.sum += other[0];
                own.rows += other[1];
            }
        }
        let own = self.metrics.iter_mut().flatten();
        own.zip(metrics).for_each(|(metric, (_, state))| metric.merge(state));
    }

    /// The total loss over the rows so far, from the outputs with at least one known target. NaN
    /// without known targets.
    pub(crate) fn loss(&self) -> f64 {
        if self.has_no_targets() {
            return f64::NAN;
        }
        let outputs = self.graph.outputs.iter().zip(&self.losses);
        let known = outputs.filter(|(_, losses)| losses.rows > 0.0);
        let losses: f64 = known.map(|(output, losses)| output.weight * losses.mean()).sum();
        losses + self.penalties / self.rows as f64
    }

    /// # Errors
    /// [`Error::NoTargets`] if no row so far has a known target.
    pub(crate) fn check_known(&self, purpose: &'static str) -> Result<()> {
        match self.has_no_targets() {
            true => Err(Error::NoTargets(purpose)),
            false => Ok(()),
        }
    }

    fn has_no_targets(&self) -> bool {
        self.losses.iter().all(|losses| losses.rows == 0.0)
    }

    /// All figures: the total loss, each output's loss if there are several outputs, and the
    /// metrics, each followed by those of the labels. Figures of an output without known targets are NaN.
    pub(crate) fn figures(&self, phase: Phase) -> Figures {
        let outputs = self.graph.outputs;
        let mut figures = Figures::new(outputs.len());
        figures.push(phase, None, "loss", self.loss());
        if outputs.len() > 1 {
            for (output, losses) in outputs.iter().zip(&self.losses) {
                figures.push(phase, Some(output.name), "loss", losses.mean());
            }
        }
        for (output, running) in outputs.iter().zip(&self.metrics) {
            for ((name, _), running) in output.reported().zip(running) {
                figures.push(phase, Some(output.name), &name, running.value());
                for (label, value) in running.by_label().into_iter().enumerate() {
                    figures.push_label(phase, output.name, &name, label, value);
                }
            }
        }
        figures
    }
}
