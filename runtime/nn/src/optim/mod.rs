//! Optimizers with Keras's formulas and defaults, one file each, and state that can be saved.

mod adam;
mod adam_w;
mod erased;
mod rms_prop;
mod sgd;
mod state;

pub use adam::Adam;
pub use adam_w::AdamW;
use erased::Erased;
pub use erased::{AnyOptimizer, Update};
pub use rms_prop::RmsProp;
pub use sgd::{Momentum, Sgd};
pub use state::{OptimizerState, TensorState};

pub use multi_input_kernel::{PendingSteps, StepSize, Steps};

use multi_input_kernel::Element;

/// A rule that makes new weights of old ones and their gradient.
///
/// The rule itself is plain numbers; what it remembers lives in an [`OptimizerState`].
pub trait Optimizer: std::fmt::Debug + Clone + 'static {
    /// What is remembered for every weight, e.g. `["momentum", "velocity"]`.
    fn slots(&self) -> &'static [&'static str];

    /// The learning rate.
    fn learning_rate(&self) -> f64;

    /// Takes steps of another learning rate from now on.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// What is wrong with the settings, in words; empty where nothing is.
    fn mistakes(&self) -> Vec<String>;

    /// Step number `step`, from 1, for the weights of one tensor. `slots` starts as zeros.
    fn update<E: Element>(
        &self,
        step: u64,
        weights: &mut [E],
        gradient: &[E],
        slots: &mut [Vec<E>],
    );

    /// What step number `step` does to a weight whose gradient is zero, so that the rows of a table
    /// which no batch looks up can take their steps later, many at once. `None`, the default, where
    /// the optimizer has no [`catch_up`](Optimizer::catch_up): its steps change all rows of every table.
    fn step_size(&self, step: u64) -> Option<StepSize> {
        let _ = step;
        None
    }

    /// Takes all steps that some rows owe, each with a gradient of zero. `weights` and every slot
    /// hold the rows one after the other, as many as `owed` speaks of.
    ///
    /// The result is that of [`update`](Optimizer::update) step for step but for rounding, and is
    /// a function of the arguments alone.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        let _ = (pending, weights, slots);
    }

    /// The optimizer as an object. Those of this crate have a function of their own for it, which is
    /// no generic one: so what they do to weights is compiled here, and not in the crate that trains.
    #[doc(hidden)]
    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        Box::new(Erased(self.clone()))
    }
}

/// Multiplies.
fn scale<E: Element>(numbers: &mut [E], by: f64) {
    let by = E::of(by);
    numbers.iter_mut().for_each(|number| *number *= by);
}

/// What a velocity that keeps the share `keep` of itself adds up to in so many steps, each step's
/// after it has shrunk: keep + keep^2 + ... as a multiple of what it is before.
fn way(keep: f64, steps: usize) -> f64 {
    keep * (1.0 - keep.powf(steps as f64)) / (1.0 - keep)
}

/// Adds the multiple of a velocity.
fn add<E: Element>(weights: &mut [E], velocity: &[E], times: f64) {
    let times = E::of(times);
    weights.iter_mut().zip(velocity).for_each(|(weight, velocity)| *weight += *velocity * times);
}

/// Complains where `value` is not above zero.
fn positive(name: &str, value: f64, mistakes: &mut Vec<String>) {
    if !(value > 0.0 && value.is_finite()) {
        mistakes.push(format!("`{name}` must be a number above 0, but is {value}"));
    }
}

/// Complains where `value` is not in 0 to 1, 1 excluded.
fn fraction(name: &str, value: f64, mistakes: &mut Vec<String>) {
    if !(0.0..1.0).contains(&value) {
        mistakes.push(format!("`{name}` must be at least 0 and below 1, but is {value}"));
    }
}

#[cfg(test)]
mod tests;
