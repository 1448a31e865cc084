//! `AdamW`.

use multi_input_kernel::{
    update::{update, Rule},
    Element,
};

use super::{Adam, AnyOptimizer, Erased, Optimizer, PendingSteps, StepSize};

/// w -= lr decay w, and then Adam's step: the decay does not pass through Adam's means. Every
/// tensor decays, biases included.
///
/// `keras.optimizers.AdamW`; `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The step that follows the decay.
    pub adam: Adam,
    /// How much of a weight a learning rate of 1 would take away.
    pub decay: f64,
}

impl AdamW {
    /// Keras's defaults but for the learning rate; the decay is 0.004.
    pub const fn new(learning_rate: f64) -> AdamW {
        AdamW { adam: Adam::new(learning_rate), decay: 0.004 }
    }

    /// Another decay.
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

    /// Adam's, with each step's decay before it; once no step moves a weight any more the decays
    /// are one product.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        self.adam.catch_up(pending, weights, slots);
    }
}

/// One step's decay.
#[derive(Clone, Copy)]
struct Decay<E>(E);

impl<E: Element> Rule<E, 0> for Decay<E> {
    #[inline(always)]
    fn step(self, w: E, _: E, none: [E; 0]) -> (E, [E; 0]) {
        (w - w * self.0, none)
    }
}
