//! Optimizers with Keras's formulas and defaults, one file each, and state that can be saved.

mod adam;
mod adam_w;
mod rms_prop;
mod sgd;
mod state;

pub use adam::Adam;
pub use adam_w::AdamW;
pub use rms_prop::RmsProp;
pub use sgd::{Momentum, Sgd};
pub use state::{OptimizerState, TensorState};

use crate::kernel::Element;

/// A rule that makes new weights of old ones and their gradient.
///
/// The rule itself is plain numbers; what it remembers lives in an [`OptimizerState`].
pub trait Optimizer: std::fmt::Debug + Clone {
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
