//! `RmsProp`.

use super::{fraction, positive, Optimizer};
use crate::kernel::Element;

/// v = rho v + (1 - rho) g^2; w -= lr g / sqrt(v + epsilon). With a momentum, the step joins a
/// velocity, u = momentum u + lr g / sqrt(v + epsilon), and w -= u. Centered, the square of
/// m = rho m + (1 - rho) g is taken off v in the root.
///
/// `keras.optimizers.RMSprop` (`torch.optim.RMSprop` adds epsilon outside the root).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// The learning rate, `lr`.
    pub learning_rate: f64,
    /// How slowly the mean of the squared gradient changes.
    pub rho: f64,
    /// How much of the last step's velocity is kept; 0 for none.
    pub momentum: f64,
    /// What keeps the division away from zero.
    pub epsilon: f64,
    /// Whether the step is divided by the gradient's deviation instead of its size.
    pub centered: bool,
}

impl RmsProp {
    /// Keras's defaults but for the learning rate; Keras's own is 1e-3.
    pub const fn new(learning_rate: f64) -> RmsProp {
        RmsProp { learning_rate, rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false }
    }
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        RmsProp::new(1e-3)
    }
}

impl Optimizer for RmsProp {
    fn slots(&self) -> &'static [&'static str] {
        match (self.centered, self.momentum > 0.0) {
            (false, false) => &["mean_square"],
            (false, true) => &["mean_square", "velocity"],
            (true, false) => &["mean_square", "mean"],
            (true, true) => &["mean_square", "mean", "velocity"],
        }
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        positive("learning_rate", self.learning_rate, &mut mistakes);
        fraction("rho", self.rho, &mut mistakes);
        fraction("momentum", self.momentum, &mut mistakes);
        positive("epsilon", self.epsilon, &mut mistakes);
        mistakes
    }

    fn update<E: Element>(&self, _: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]) {
        let Some((mean_square, rest)) = slots.split_first_mut() else { return };
        let (mean, velocity) = rest.split_at_mut(usize::from(self.centered).min(rest.len()));
        let (mut mean, mut velocity) = (mean.first_mut(), velocity.first_mut());
        let (rate, rho, epsilon) =
            (E::of(self.learning_rate), E::of(self.rho), E::of(self.epsilon));
        let (fresh, momentum) = (E::of(1.0 - self.rho), E::of(self.momentum));
        for (index, ((w, &g), v)) in weights.iter_mut().zip(gradient).zip(mean_square).enumerate() {
            *v = rho * *v + fresh * g * g;
            let mut variance = *v;
            if let Some(mean) = &mut mean {
                mean[index] = rho * mean[index] + fresh * g;
                variance -= mean[index] * mean[index];
            }
            let mut step = rate * g / (variance + epsilon).sqrt();
            if let Some(velocity) = &mut velocity {
                step += momentum * velocity[index];
                velocity[index] = step;
            }
            *w -= step;
        }
    }
}
