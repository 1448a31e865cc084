//! The coefficient of determination.

use crate::metric::{Direction, Metric, Running, Target, TargetRow, Targets, NUMBERS};

/// 1 - sum((y - t)^2) / sum((t - mean(t))^2), as the mean over the columns of an output. For a
/// constant target it is 1 if every prediction is exact, and 0 otherwise. `keras.metrics.R2Score`,
/// `sklearn.metrics.r2_score`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "R2Score")]
#[doc(alias = "r_squared")]
#[doc(alias = "coefficient_of_determination")]
pub struct R2;

impl Metric for R2 {
    const NAME: &'static str = "r2";
    const TARGETS: &'static [Target] = NUMBERS;

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Sums(Vec::new()))
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let undefined = !targets.varies && targets.classes.is_empty();
        undefined.then(|| "all targets are equal, so there is no spread to explain".to_owned())
    }
}

/// One entry per column.
struct Sums(Vec<Column>);

/// Welford's running mean and sum of squared deviations, which avoid cancellation for targets far
/// from zero.
#[derive(Clone, Copy, Default)]
struct Column {
    weight: f64,
    mean: f64,
    deviations: f64,
    residuals: f64,
}

impl Column {
    /// Adds the rows of another column, by Chan's formula.
    fn merge(&mut self, other: Column) {
        if other.weight == 0.0 {
            return;
        }
        let weight = self.weight + other.weight;
        let away = other.mean - self.mean;
        self.deviations += other.deviations + away * away * self.weight * other.weight / weight;
        self.mean += away * other.weight / weight;
        self.residuals += other.residuals;
        self.weight = weight;
    }

    fn r2(&self) -> f64 {
        match (self.weight > 0.0, self.deviations > 0.0, self.residuals > 0.0) {
            (false, ..) => f64::NAN,
            (_, true, _) => 1.0 - self.residuals / self.deviations,
            (_, false, false) => 1.0,
            (_, false, true) => 0.0,
        }
    }
}

fn columns(state: &[f64]) -> Vec<Column> {
    let column = |&[weight, mean, deviations, residuals]: &[f64; 4]| Column {
        weight,
        mean,
        deviations,
        residuals,
    };
    state.as_chunks().0.iter().map(column).collect()
}

impl Running for Sums {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        self.0.resize(prediction.len(), Column::default());
        if weight == 0.0 {
            return;
        }
        for (index, (column, y)) in self.0.iter_mut().zip(prediction).enumerate() {
            let t = target.at(index);
            column.weight += weight;
            let away = t - column.mean;
            column.mean += away * weight / column.weight;
            column.deviations += weight * away * (t - column.mean);
            column.residuals += weight * (y - t) * (y - t);
        }
    }

    fn value(&self) -> f64 {
        self.0.iter().map(Column::r2).sum::<f64>() / self.0.len() as f64
    }

    fn state(&self) -> Vec<f64> {
        let of = |c: &Column| [c.weight, c.mean, c.deviations, c.residuals];
        self.0.iter().flat_map(of).collect()
    }

    fn set_state(&mut self, state: &[f64]) {
        self.0 = columns(state);
    }

    fn merge(&mut self, state: &[f64]) {
        let others = columns(state);
        match self.0.is_empty() {
            true => self.0 = others,
            false if self.0.len() == others.len() => {
                self.0.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
            }
            false => {}
        }
    }
}
