//! `RmsProp`.

use super::{fraction, positive, Optimizer};
use crate::kernel::Element;

/// v = rho v + (1 - rho) g^2; w -= lr g / sqrt(v + epsilon). With a momentum, the step joins a
/// velocity, u = momentum u + lr g / sqrt(v + epsilon), and w -= u.
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
}

impl RmsProp {
    /// Keras's defaults but for the learning rate; Keras's own is 1e-3.
    pub const fn new(learning_rate: f64) -> RmsProp {
        RmsProp { learning_rate, rho: 0.9, momentum: 0.0, epsilon: 1e-7 }
    }
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        RmsProp::new(1e-3)
    }
}

impl Optimizer for RmsProp {
    fn slots(&self) -> &'static [&'static str] {
        if self.momentum > 0.0 {
            &["mean_square", "velocity"]
        } else {
            &["mean_square"]
        }
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
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
        let Some((mean_square, velocity)) = slots.split_first_mut() else { return };
        let (rate, rho, epsilon) =
            (E::of(self.learning_rate), E::of(self.rho), E::of(self.epsilon));
        let (rest, momentum) = (E::of(1.0 - self.rho), E::of(self.momentum));
        let mut velocity = velocity.first_mut();
        for (index, ((w, &g), v)) in weights.iter_mut().zip(gradient).zip(mean_square).enumerate() {
            *v = rho * *v + rest * g * g;
            let mut step = rate * g / (*v + epsilon).sqrt();
            if let Some(velocity) = &mut velocity {
                step += momentum * velocity[index];
                velocity[index] = step;
            }
            *w -= step;
        }
    }
}
