//! The figures over the rows of an epoch or evaluation, as they go by.

use super::{objective::target_row, Chunk, Objective};
use crate::{
    definition::{Graph, Output},
    history::{Figures, Phase},
    metric::{Metric, Running},
};

/// Losses and metrics over the rows so far.
pub(crate) struct Scores {
    graph: &'static Graph,
    rows: usize,
    total: f64,
    by_output: Vec<f64>,
    /// For each output, those of [`reported`].
    metrics: Vec<Vec<Box<dyn Running>>>,
}

/// The metrics of an output with their names: first those in which every row counts once, then those
/// in which rows count by their weights.
pub(crate) fn reported(output: &Output) -> impl Iterator<Item = (String, &dyn Metric)> {
    let plain = output.metrics.iter().map(|metric| (metric.name().to_owned(), *metric));
    let weighted = output.weighted_metrics.iter();
    plain.chain(weighted.map(|metric| (format!("weighted_{}", metric.name()), *metric)))
}

impl Scores {
    pub(crate) fn new(graph: &'static Graph) -> Scores {
        let metrics = graph.outputs.iter().map(|o| reported(o).map(|(_, m)| m.start()).collect());
        let by_output = vec![0.0; graph.outputs.len()];
        Scores { graph, rows: 0, total: 0.0, by_output, metrics: metrics.collect() }
    }

    /// Takes a batch's losses, each of which is a mean over `rows` rows.
    pub(crate) fn losses(&mut self, objective: &Objective, penalty: f64, rows: usize) {
        let count = rows as f64;
        self.rows += rows;
        self.total += (objective.total + penalty) * count;
        for (sum, loss) in self.by_output.iter_mut().zip(&objective.by_output) {
            *sum += loss * count;
        }
    }

    /// Takes a batch's predictions and compares them with the targets in the user's unit.
    pub(crate) fn predictions(&mut self, predictions: &[Vec<f64>], chunk: &Chunk<'_>) {
        let (raw, rows) = chunk.raw_targets();
        let targets = raw.columns.iter().skip(self.graph.inputs.len());
        let outputs = self.graph.outputs.iter().zip(&mut self.metrics).zip(predictions);
        for (place, (((output, metrics), predictions), target)) in outputs.zip(targets).enumerate()
        {
            for (prediction, &row) in predictions.chunks_exact(output.width.max(1)).zip(rows) {
                let target = target_row(target, row);
                let (plain, weighted) = metrics.split_at_mut(output.metrics.len());
                plain.iter_mut().for_each(|metric| metric.update(prediction, target, 1.0));
                let weight = chunk.weights().of(place, row);
                weighted.iter_mut().for_each(|metric| metric.update(prediction, target, weight));
            }
        }
    }

    /// All that is kept of the rows so far, by name.
    pub(super) fn state(&self) -> Vec<(String, Vec<f64>)> {
        let mut sums = vec![self.rows as f64, self.total];
        sums.extend(&self.by_output);
        let mut state = vec![("scores".to_owned(), sums)];
        for (index, metric) in self.metrics.iter().flatten().enumerate() {
            state.push((format!("metric.{index}"), metric.state()));
        }
        state
    }

    /// Goes on from a state. Of one that is none it takes what it can, which
    /// [`state`](Scores::state) shows.
    pub(super) fn set_state(&mut self, numbers: impl Fn(&str) -> Option<Vec<f64>>) {
        if let Some(sums) = numbers("scores") {
            if let [rows, total, by_output @ ..] = &sums[..] {
                let fits = by_output.len() == self.by_output.len();
                if fits && *rows < (1_u64 << 53) as f64 {
                    (self.rows, self.total) = (*rows as usize, *total);
                    self.by_output = by_output.to_vec();
                }
            }
        }
        for (index, metric) in self.metrics.iter_mut().flatten().enumerate() {
            if let Some(state) = numbers(&format!("metric.{index}")) {
                metric.set_state(&state);
            }
        }
    }

    /// The total loss over the rows so far.
    pub(crate) fn loss(&self) -> f64 {
        self.total / self.rows as f64
    }

    /// All figures: the total loss, each output's loss where there are several, the metrics.
    pub(crate) fn figures(&self, phase: Phase) -> Figures {
        let outputs = self.graph.outputs;
        let mut figures = Figures::new(outputs.len());
        figures.push(phase, None, "loss", self.loss());
        if outputs.len() > 1 {
            for (output, loss) in outputs.iter().zip(&self.by_output) {
                figures.push(phase, Some(output.name), "loss", loss / self.rows as f64);
            }
        }
        for (output, running) in outputs.iter().zip(&self.metrics) {
            for ((name, _), running) in reported(output).zip(running) {
                figures.push(phase, Some(output.name), &name, running.value());
            }
        }
        figures
    }
}
