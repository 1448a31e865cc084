//! Optimizers with the formulas and defaults of Keras, one file each, whose state can be saved.

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

/// An update rule of weights by their gradient.
///
/// The optimizer has the hyperparameters; its state is an [`OptimizerState`]. A training run saves
/// the slots in its checkpoints, and compares the `Debug` text at a learning rate of 1 when it is
/// resumed: derive `Debug`, so that the text has every hyperparameter.
///
/// An optimizer of your own needs `slots`, the learning rate, and `update`:
///
/// ```
/// use multi_input_kernel::Element; // `multi_input::kernel::Element`
/// use multi_input_nn::optim::Optimizer; // `multi_input::optim::Optimizer`
///
/// /// Lion: v = beta_2 m + (1 - beta_2) g replaces m after w -= lr sign(beta_1 m + (1 - beta_1) g).
/// #[derive(Clone, Debug)]
/// struct Lion {
///     learning_rate: f64,
///     beta_1: f64,
///     beta_2: f64,
/// }
///
/// impl Optimizer for Lion {
///     fn slots(&self) -> &'static [&'static str] {
///         &["momentum"]
///     }
///
///     fn learning_rate(&self) -> f64 {
///         self.learning_rate
///     }
///
///     fn set_learning_rate(&mut self, learning_rate: f64) {
///         self.learning_rate = learning_rate;
///     }
///
///     fn update<E: Element>(&self, _: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]) {
///         let mix = |beta: f64, a: E, b: E| E::of(beta) * a + E::of(1.0 - beta) * b;
///         for ((weight, gradient), momentum) in weights.iter_mut().zip(gradient).zip(&mut slots[0]) {
///             let direction = mix(self.beta_1, *momentum, *gradient).as_f64();
///             // Not `signum`, which is 1 at 0.
///             let sign = if direction == 0.0 { 0.0 } else { direction.signum() };
///             *weight -= E::of(self.learning_rate * sign);
///             *momentum = mix(self.beta_2, *momentum, *gradient);
///         }
///     }
/// }
///
/// let lion = Lion { learning_rate: 0.5, beta_1: 0.9, beta_2: 0.99 };
/// let (mut weights, mut slots) = (vec![1.0f32, 2.0], vec![vec![0.0; 2]]);
/// lion.update(1, &mut weights, &[3.0, 0.0], &mut slots);
/// assert_eq!(weights, [0.5, 2.0]);
/// ```
pub trait Optimizer: std::fmt::Debug + Clone + 'static {
    /// The names of the state's values for each weight, e.g. `["momentum", "velocity"]`; none by
    /// default.
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    /// The learning rate.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate of the following steps.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// The invalid hyperparameters, one text each; empty, the default, where all are valid.
    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Updates the weights of one tensor. `step` is the number of the step, from 1. `slots` are
    /// zeros before the first step.
    fn update<E: Element>(
        &self,
        step: u64,
        weights: &mut [E],
        gradient: &[E],
        slots: &mut [Vec<E>],
    );

    /// The size of step number `step` for a weight whose gradient is zero, from which
    /// [`catch_up`](Optimizer::catch_up) computes deferred updates of embedding rows. `None`, the
    /// default, where the optimizer does not implement `catch_up`: its steps update all rows of
    /// every table.
    fn step_size(&self, step: u64) -> Option<StepSize> {
        let _ = step;
        None
    }

    /// Applies all deferred steps of some rows, each with a gradient of zero. `weights` and every
    /// slot have the rows of `pending`, one after the other.
    ///
    /// The result is that of one [`update`](Optimizer::update) for each step, up to rounding, and
    /// depends only on the arguments.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        let _ = (pending, weights, slots);
    }

    /// The optimizer as an object. The optimizers of this crate override this method by a function
    /// without type parameters, so that their loops are compiled in this crate and not in the
    /// user's.
    #[doc(hidden)]
    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        Box::new(Erased(self.clone()))
    }
}

/// An optimizer in a box is an optimizer.
impl<O: Optimizer> Optimizer for Box<O> {
    fn slots(&self) -> &'static [&'static str] {
        (**self).slots()
    }

    fn learning_rate(&self) -> f64 {
        (**self).learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        (**self).set_learning_rate(learning_rate);
    }

    fn mistakes(&self) -> Vec<String> {
        (**self).mistakes()
    }

    fn update<E: Element>(
        &self,
        step: u64,
        weights: &mut [E],
        gradient: &[E],
        slots: &mut [Vec<E>],
    ) {
        (**self).update(step, weights, gradient, slots);
    }

    fn step_size(&self, step: u64) -> Option<StepSize> {
        (**self).step_size(step)
    }

    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        (**self).catch_up(pending, weights, slots);
    }

    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        (**self).boxed()
    }
}

/// Multiplies all numbers by a factor.
fn scale<E: Element>(numbers: &mut [E], by: f64) {
    let by = E::of(by);
    numbers.iter_mut().for_each(|number| *number *= by);
}

/// The sum of `ratio^k` for k from 1 to `steps`: the displacement by a velocity of 1 that shrinks
/// by `ratio` before each step.
fn geometric_sum(ratio: f64, steps: usize) -> f64 {
    ratio * (1.0 - ratio.powf(steps as f64)) / (1.0 - ratio)
}

/// Adds `factor` times the velocity.
fn add_scaled<E: Element>(weights: &mut [E], velocity: &[E], factor: f64) {
    let factor = E::of(factor);
    weights.iter_mut().zip(velocity).for_each(|(weight, velocity)| *weight += *velocity * factor);
}

/// Adds an error where `value` is not above zero.
fn positive(name: &str, value: f64, mistakes: &mut Vec<String>) {
    if !(value > 0.0 && value.is_finite()) {
        mistakes.push(format!("`{name}` must be a number above 0, but is {value}"));
    }
}

/// Adds an error where `value` is below 0, or 1 and above.
fn fraction(name: &str, value: f64, mistakes: &mut Vec<String>) {
    if !(0.0..1.0).contains(&value) {
        mistakes.push(format!("`{name}` must be at least 0 and below 1, but is {value}"));
    }
}

#[cfg(test)]
mod tests;
