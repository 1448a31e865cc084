//! `RmsProp`: divides the gradient by a moving average of its size.

use multi_input_kernel::{
    catch_up,
    update::{update, Rule},
    Element,
};

use super::{
    add_scaled, fraction, geometric_sum, positive, scale, AnyOptimizer, Erased, Optimizer,
    PendingSteps, StepSize,
};

/// v = rho v + (1 - rho) g^2; w -= lr g / sqrt(v + epsilon). With momentum, u = momentum u + lr g /
/// sqrt(v + epsilon) and w -= u. Where `centered`, v - m^2 replaces v in the root, with m = rho m +
/// (1 - rho) g.
///
/// `keras.optimizers.RMSprop`; `torch.optim.RMSprop`, which adds epsilon outside the root.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// The learning rate, `lr`.
    pub learning_rate: f64,
    /// The decay rate of the moving averages.
    pub rho: f64,
    /// The momentum; 0 for none.
    pub momentum: f64,
    /// Added to the mean square, so that the divisor is not zero.
    pub epsilon: f64,
    /// Whether the gradient is divided by its standard deviation instead of its root mean square.
    pub centered: bool,
}

impl RmsProp {
    /// Keras's defaults with another learning rate; Keras's is 1e-3.
    #[doc(alias("default", "with_learning_rate", "lr"))]
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

    #[inline(never)]
    fn boxed(&self) -> Box<dyn AnyOptimizer> {
        Box::new(Erased(*self))
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
        let step = Step {
            rate: E::of(self.learning_rate),
            rho: E::of(self.rho),
            one_minus_rho: E::of(1.0 - self.rho),
            momentum: E::of(self.momentum),
            epsilon: E::of(self.epsilon),
            centered: self.centered,
            has_momentum: self.momentum > 0.0,
        };
        match slots.len() {
            1 => update::<E, 1>(step, weights, gradient, slots),
            2 => update::<E, 2>(step, weights, gradient, slots),
            _ => update::<E, 3>(step, weights, gradient, slots),
        }
    }

    fn step_size(&self, _: u64) -> Option<StepSize> {
        Some(StepSize { rate: self.learning_rate, decay: 0.0 })
    }

    /// The averages decay by a power of rho, and the displacement by a velocity is a geometric sum.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        match slots.len() {
            1 => self.catch_up_slots::<E, 1>(pending, weights, slots),
            2 => self.catch_up_slots::<E, 2>(pending, weights, slots),
            _ => self.catch_up_slots::<E, 3>(pending, weights, slots),
        }
    }
}

impl RmsProp {
    fn catch_up_slots<E: Element, const SLOTS: usize>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        let has_momentum = self.momentum > 0.0;
        let means = if has_momentum { SLOTS - 1 } else { SLOTS };
        catch_up::each_row(
            pending,
            1,
            weights,
            slots,
            |steps, weights, slots: [&mut [E]; SLOTS]| {
                let count = steps.len() as f64;
                for (index, slot) in slots.into_iter().enumerate() {
                    if index < means {
                        scale(slot, self.rho.powf(count));
                    } else {
                        add_scaled(weights, slot, -geometric_sum(self.momentum, steps.len()));
                        scale(slot, self.momentum.powf(count));
                    }
                }
            },
        );
    }
}

/// The coefficients of one step.
#[derive(Clone, Copy)]
struct Step<E> {
    rate: E,
    rho: E,
    one_minus_rho: E,
    momentum: E,
    epsilon: E,
    centered: bool,
    has_momentum: bool,
}

/// The slots are the mean square, the mean where `centered`, and the velocity where there is
/// momentum.
impl<E: Element, const SLOTS: usize> Rule<E, SLOTS> for Step<E> {
    #[inline(always)]
    fn step(self, w: E, g: E, mut slots: [E; SLOTS]) -> (E, [E; SLOTS]) {
        slots[0] = self.rho * slots[0] + self.one_minus_rho * g * g;
        let mut variance = slots[0];
        if self.centered {
            slots[1] = self.rho * slots[1] + self.one_minus_rho * g;
            variance -= slots[1] * slots[1];
        }
        let mut step = self.rate * g / (variance + self.epsilon).sqrt();
        if self.has_momentum {
            step += self.momentum * slots[SLOTS - 1];
            slots[SLOTS - 1] = step;
        }
        (w - step, slots)
    }
}
