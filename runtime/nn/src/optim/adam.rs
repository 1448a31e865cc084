//! `Adam`: adaptive moment estimation.

use multi_input_kernel::{
    catch_up::{self, MomentumSteps},
    update::{update, Rule},
    Element,
};

use super::{fraction, positive, scale, AnyOptimizer, Erased, Optimizer, PendingSteps, StepSize};

/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr sqrt(1 - b2^t) / (1 - b1^t) * m /
/// (sqrt(v) + epsilon).
///
/// `keras.optimizers.Adam`; `torch.optim.Adam`, which also applies the bias correction to epsilon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate, `lr`.
    pub learning_rate: f64,
    /// The decay rate of the mean of the gradient.
    pub beta_1: f64,
    /// The decay rate of the mean of the squared gradient.
    pub beta_2: f64,
    /// Added to the root, so that the divisor is not zero.
    pub epsilon: f64,
}

impl Adam {
    /// Keras's defaults with another learning rate; Keras's is 1e-3.
    #[doc(alias("default", "with_learning_rate", "lr"))]
    pub const fn new(learning_rate: f64) -> Adam {
        Adam { learning_rate, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Default for Adam {
    fn default() -> Adam {
        Adam::new(1e-3)
    }
}

impl Optimizer for Adam {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    #[inline(never)]
    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        Box::new(Erased(*self))
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        positive("learning_rate", self.learning_rate, &mut mistakes);
        fraction("beta_1", self.beta_1, &mut mistakes);
        fraction("beta_2", self.beta_2, &mut mistakes);
        positive("epsilon", self.epsilon, &mut mistakes);
        mistakes
    }

    fn update<E: Element>(
        &self,
        step: u64,
        weights: &mut [E],
        gradient: &[E],
        slots: &mut [Vec<E>],
    ) {
        let step = Step {
            rate: E::of(self.rate(step)),
            one_minus_beta_1: E::of(1.0 - self.beta_1),
            one_minus_beta_2: E::of(1.0 - self.beta_2),
            epsilon: E::of(self.epsilon),
        };
        update(step, weights, gradient, slots);
    }

    fn step_size(&self, step: u64) -> Option<StepSize> {
        Some(StepSize { rate: self.rate(step), decay: 0.0 })
    }

    /// The means decay by a power of their betas. The weights need one step after the other,
    /// because epsilon is added to the root. The loop ends when a step no longer changes a weight,
    /// and at most after a number of steps for which the remaining displacement is below the
    /// rounding of the whole (171 in single precision, for Keras's hyperparameters).
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        let most = self.significant_steps::<E>();
        catch_up::each_row(pending, most, weights, slots, |steps, weights, [m, v]| {
            let (beta_1, beta_2) = (self.beta_1, self.beta_2);
            MomentumSteps { steps, max_steps: most, beta_1, beta_2, epsilon: self.epsilon }
                .run(weights, m, v);
            scale(m, beta_1.powf(steps.len() as f64));
            scale(v, beta_2.powf(steps.len() as f64));
        });
    }
}

impl Adam {
    /// The learning rate of a step with the bias correction of both means.
    fn rate(&self, step: u64) -> f64 {
        let t = step as f64;
        self.learning_rate * ((1.0 - self.beta_2.powf(t)).sqrt() / (1.0 - self.beta_1.powf(t)))
    }

    /// The number of steps without a gradient after which the remaining displacement is an eighth
    /// of a rounding of the whole. A step is at most beta_1 / sqrt(beta_2) times the step before.
    fn significant_steps<E: Element>(&self) -> usize {
        let ratio = self.beta_1 / self.beta_2.sqrt();
        match ratio < 1.0 {
            true => ((E::epsilon().as_f64() / 8.0).ln() / ratio.ln()).ceil() as usize,
            false => usize::MAX,
        }
    }
}

/// The coefficients of one step.
#[derive(Clone, Copy)]
struct Step<E> {
    rate: E,
    one_minus_beta_1: E,
    one_minus_beta_2: E,
    epsilon: E,
}

impl<E: Element> Rule<E, 2> for Step<E> {
    #[inline(always)]
    fn step(self, w: E, g: E, [m, v]: [E; 2]) -> (E, [E; 2]) {
        let m = m + (g - m) * self.one_minus_beta_1;
        let v = v + (g * g - v) * self.one_minus_beta_2;
        (w - m * self.rate / (v.sqrt() + self.epsilon), [m, v])
    }
}
