//! The root mean squared error.

use crate::metric::{Direction, Metric, Mse, Running, Target, TargetRow, NUMBERS};

/// sqrt(mean((y - t)^2)) over all elements, in the target's unit.
/// `keras.metrics.RootMeanSquaredError`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "RootMeanSquaredError")]
#[doc(alias = "root_mean_squared_error")]
pub struct Rmse;

impl Metric for Rmse {
    const NAME: &'static str = "rmse";
    const TARGETS: &'static [Target] = NUMBERS;

    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Root(Mse.start()))
    }
}

/// The square root of another metric.
struct Root(Box<dyn Running>);

impl Running for Root {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        self.0.update(prediction, target, weight);
    }
    fn value(&self) -> f64 {
        self.0.value().sqrt()
    }
    fn state(&self) -> Vec<f64> {
        self.0.state()
    }
    fn set_state(&mut self, state: &[f64]) {
        self.0.set_state(state);
    }
    fn merge(&mut self, state: &[f64]) {
        self.0.merge(state);
    }
}
