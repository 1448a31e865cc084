//! `Sgd`: gradient descent, optionally with momentum.

use multi_input_kernel::{
    catch_up,
    update::{update, Rule},
    Element,
};

use super::{
    add_scaled, fraction, geometric_sum, positive, scale, AnyOptimizer, Erased, Optimizer,
    PendingSteps, StepSize,
};

/// Without momentum w -= lr g. With momentum v = momentum v - lr g, and w += v, or for Nesterov w
/// += momentum v - lr g.
///
/// `keras.optimizers.SGD`; `torch.optim.SGD`, whose velocity does not contain the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate, `lr`.
    pub learning_rate: f64,
    /// The momentum and its kind.
    pub momentum: Momentum,
}

/// The kind of momentum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Momentum {
    /// No velocity.
    None,
    /// Polyak's momentum.
    Classical(f64),
    /// Nesterov's momentum: `nesterov=True`.
    Nesterov(f64),
}

impl Sgd {
    /// Without momentum. Keras's default learning rate is 0.01.
    #[doc(alias("default", "with_learning_rate", "lr"))]
    pub const fn new(learning_rate: f64) -> Sgd {
        Sgd { learning_rate, momentum: Momentum::None }
    }

    /// With Polyak's momentum.
    #[must_use]
    pub const fn momentum(mut self, momentum: f64) -> Sgd {
        self.momentum = Momentum::Classical(momentum);
        self
    }

    /// With Nesterov's momentum.
    #[must_use]
    pub const fn nesterov(mut self, momentum: f64) -> Sgd {
        self.momentum = Momentum::Nesterov(momentum);
        self
    }
}

impl Default for Sgd {
    fn default() -> Sgd {
        Sgd::new(0.01)
    }
}

impl Optimizer for Sgd {
    fn slots(&self) -> &'static [&'static str] {
        match self.momentum {
            Momentum::None => &[],
            _ => &["velocity"],
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
        if let Momentum::Classical(momentum) | Momentum::Nesterov(momentum) = self.momentum {
            fraction("momentum", momentum, &mut mistakes);
        }
        mistakes
    }

    fn update<E: Element>(&self, _: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]) {
        let rate = E::of(self.learning_rate);
        let (momentum, nesterov) = match self.momentum {
            Momentum::None => (0.0, false),
            Momentum::Classical(momentum) => (momentum, false),
            Momentum::Nesterov(momentum) => (momentum, true),
        };
        match slots.len() {
            0 => update(GradientStep(rate), weights, gradient, slots),
            _ => update(
                MomentumStep { rate, momentum: E::of(momentum), nesterov },
                weights,
                gradient,
                slots,
            ),
        }
    }

    fn step_size(&self, _: u64) -> Option<StepSize> {
        Some(StepSize { rate: self.learning_rate, decay: 0.0 })
    }

    /// Without momentum no update is deferred. With momentum the displacement is a geometric sum.
    fn catch_up<E: Element>(
        &self,
        pending: &PendingSteps<'_>,
        weights: &mut [E],
        slots: &mut [Vec<E>],
    ) {
        let (momentum, ahead) = match self.momentum {
            Momentum::None => return,
            Momentum::Classical(momentum) => (momentum, 1.0),
            Momentum::Nesterov(momentum) => (momentum, momentum),
        };
        catch_up::each_row(pending, 1, weights, slots, |steps, weights, [velocity]| {
            add_scaled(weights, velocity, ahead * geometric_sum(momentum, steps.len()));
            scale(velocity, momentum.powf(steps.len() as f64));
        });
    }
}

/// A step without a velocity.
#[derive(Clone, Copy)]
struct GradientStep<E>(E);

impl<E: Element> Rule<E, 0> for GradientStep<E> {
    #[inline(always)]
    fn step(self, w: E, g: E, none: [E; 0]) -> (E, [E; 0]) {
        (w - self.0 * g, none)
    }
}

/// A step with a velocity.
#[derive(Clone, Copy)]
struct MomentumStep<E> {
    rate: E,
    momentum: E,
    nesterov: bool,
}

impl<E: Element> Rule<E, 1> for MomentumStep<E> {
    #[inline(always)]
    fn step(self, w: E, g: E, [v]: [E; 1]) -> (E, [E; 1]) {
        let v = self.momentum * v - self.rate * g;
        (w + if self.nesterov { self.momentum * v - self.rate * g } else { v }, [v])
    }
}
