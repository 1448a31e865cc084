//! `AdamW`: Adam with decoupled weight decay.

use multi_input_kernel::{
    update::{update, Rule},
    Element,
};

use super::{Adam, AnyOptimizer, Erased, Optimizer, PendingSteps, StepSize};

/// w -= lr decay w, followed by Adam's step: the decay is not part of the gradient. All tensors
/// decay, including biases.
///
/// `keras.optimizers.AdamW`; `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The hyperparameters of the step after the decay.
    pub adam: Adam,
    /// The weight decay, as a fraction of the weight for a learning rate of 1.
    pub decay: f64,
}

impl AdamW {
    /// Keras's defaults with another learning rate; the decay is 0.004.
    #[doc(alias("default", "with_learning_rate", "lr"))]
    pub const fn new(learning_rate: f64) -> AdamW {
        AdamW { adam: Adam::new(learning_rate), decay: 0.004 }
    }

    /// With another weight decay.
    #[must_use]
    pub const fn decay(mut self, decay: f64) -> AdamW {
        self.decay = decay;
        self
    }
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW::new(1e-3)
    }
}

impl Optimizer for AdamW {
    fn slots(&self) -> &'static [&'static str] {
        self.adam.slots()
    }

    fn learning_rate(&self) -> f64 {
        self.adam.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.adam.learning_rate = learning_rate;
    }

    #[inline(never)]
    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        Box::new(Erased(*self))
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = self.adam.mistakes();
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            mistakes.push(format!("`decay` must be a number of at least 0, but is {}", self.decay));
        }
        mistakes
    }

    fn update<E: Element>(
        &self,
        step: u64,
        weights: &mut [E],
        gradient: &[E],
        slots: &mut [Vec<E>],
    ) {
        let decay = E::of(self.adam.learning_rate * self.decay);
        update(Decay(decay), weights, gradient, &mut []);
        self.adam.update(step, weights, gradient, slots);
    }

    fn step_size(&self, step: u64) -> Option<StepSize> {
        let adam = self.adam.step_size(step)?;
        Some(StepSize { decay: self.adam.learning_rate * self.decay, ..adam })
    }

    /// Adam's, with each step's decay before it. After the last step that changes a weight, the
    /// remaining decays are one product.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        self.adam.catch_up(pending, weights, slots);
    }
}

/// The decay of one step: the learning rate times the weight decay.
#[derive(Clone, Copy)]
struct Decay<E>(E);

impl<E: Element> Rule<E, 0> for Decay<E> {
    #[inline(always)]
    fn step(self, w: E, _: E, none: [E; 0]) -> (E, [E; 0]) {
        (w - w * self.0, none)
    }
}
