//! Imputation of absent rows by the mean.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use serde::{Deserialize, Serialize};

use super::{affine::update_by_column, merging::Mergeable};
use crate::{Real, Values};

/// For each element, the mean of the present training values, which replaces absent values; 0 where
/// no value was present. Missing numbers in present rows (NaN, where an `impute` step follows) are
/// ignored. `sklearn.impute.SimpleImputer(strategy="mean")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Means(Vec<f64>);

impl Means {
    /// Whether there are `width` finite means.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        self.0.len() == width && self.0.iter().all(|mean| mean.is_finite())
    }

    /// Replaces the rows for which `present` is false by the means.
    pub(super) fn fill(&self, values: &mut Values, present: &[bool]) {
        match values {
            Values::Numbers(numbers) => self.fill_rows(numbers, present),
            Values::Doubles(numbers) => self.fill_rows(numbers, present),
            _ => {}
        }
    }

    /// [`fill`](Means::fill) in a graph; `present` is `[batch, 1]`.
    #[cfg(feature = "onnx")]
    pub(super) fn to_onnx(
        &self,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
        present: &onnx::Value,
    ) -> onnx::Flow {
        let sizes = flow.value.row();
        let means = graph.constant(onnx::Tensor::doubles(&sizes, self.0.iter().copied()));
        let means = graph.cast(&means, flow.value.dtype);
        let present = match sizes.len() {
            0 => graph.squeeze(present, 1),
            1 => present.clone(),
            rank => graph.reshape(present, &vec![1; rank]),
        };
        let value = graph.choose(&present, &flow.value, &means);
        flow.with(value)
    }

    fn fill_rows<T: Real>(&self, numbers: &mut [T], present: &[bool]) {
        let rows = numbers.chunks_exact_mut(self.0.len().max(1)).zip(present);
        for (row, _) in rows.filter(|(_, present)| !**present) {
            row.iter_mut().zip(&self.0).for_each(|(number, mean)| *number = T::of(*mean));
        }
    }
}

/// Running mean of a column.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RunningMean {
    mean: f64,
    count: f64,
}

impl RunningMean {
    pub(super) fn update(&mut self, number: f64) {
        self.count += 1.0;
        self.mean += (number - self.mean) / self.count;
    }

    /// The mean; `None` before the first number.
    pub(super) fn learn(self) -> Option<f64> {
        (self.count > 0.0).then_some(self.mean)
    }
}

impl Mergeable for RunningMean {
    fn merge(&mut self, later: RunningMean) -> Result<(), String> {
        if self.count == 0.0 {
            *self = later;
        } else if later.count > 0.0 {
            self.count += later.count;
            self.mean += (later.mean - self.mean) * (later.count / self.count);
        }
        Ok(())
    }
}

/// Running mean of each element of a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunningMeans(Vec<RunningMean>);

impl RunningMeans {
    pub(super) fn new(width: usize) -> RunningMeans {
        RunningMeans(vec![RunningMean::default(); width])
    }

    pub(super) fn update(&mut self, values: &Values) {
        update_by_column(&mut self.0, values, RunningMean::update);
    }

    /// The means of no rows.
    pub(super) fn cleared(&self) -> RunningMeans {
        RunningMeans::new(self.0.len())
    }

    pub(super) fn learn(self) -> Means {
        Means(self.0.into_iter().map(|mean| mean.learn().unwrap_or(0.0)).collect())
    }
}

impl Mergeable for RunningMeans {
    fn merge(&mut self, later: RunningMeans) -> Result<(), String> {
        self.0.merge(later.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_rows_get_the_mean_of_the_present_ones() {
        let mut running = RunningMeans::new(2);
        running.update(&Values::Numbers(vec![1.0, 10.0, 3.0, 30.0]));
        let mut values = Values::Numbers(vec![1.0, 10.0, 99.0, 99.0]);
        running.learn().fill(&mut values, &[true, false]);
        assert_eq!(values, Values::Numbers(vec![1.0, 10.0, 2.0, 20.0]));
    }

    #[test]
    fn a_missing_number_counts_nothing() {
        let mut running = RunningMeans::new(2);
        let missing = f32::NAN;
        running.update(&Values::Numbers(vec![1.0, missing, missing, missing, 3.0, 8.0]));
        assert_eq!(running.learn(), Means(vec![2.0, 8.0]));
    }

    #[test]
    fn where_nothing_is_present_the_mean_is_zero() {
        assert_eq!(RunningMeans::new(1).learn(), Means(vec![0.0]));
        assert!(!Means(vec![f64::NAN]).is_sound(1));
    }

    #[test]
    fn the_mean_of_parts_is_that_of_all_numbers() {
        let mut means = RunningMean::default();
        for part in [&[][..], &[1.0, 2.0], &[], &[6.0], &[]] {
            let mut later = RunningMean::default();
            part.iter().for_each(|number| later.update(*number));
            means.merge(later).unwrap();
        }
        assert_eq!(means.learn(), Some(3.0));
        let mut one = RunningMeans::new(1);
        let reason = "expected 1 columns, found 2".to_owned();
        assert_eq!(one.merge(RunningMeans::new(2)), Err(reason));
    }
}
