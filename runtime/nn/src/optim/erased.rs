//! Type erasure of optimizers.

use multi_input_kernel::{ByDtype, Element};

use super::{Optimizer, PendingSteps, StepSize};

/// An [`Optimizer`] as an object, for the training loop.
pub trait AnyOptimizer: std::fmt::Debug {
    /// [`Optimizer::slots`].
    fn slots(&self) -> &'static [&'static str];
    /// [`Optimizer::learning_rate`].
    fn learning_rate(&self) -> f64;
    /// [`Optimizer::set_learning_rate`].
    fn set_learning_rate(&mut self, learning_rate: f64);
    /// [`Optimizer::mistakes`].
    fn mistakes(&self) -> Vec<String>;
    /// [`Optimizer::step_size`].
    fn step_size(&self, step: u64) -> Option<StepSize>;
    /// A clone of the optimizer.
    fn clone_boxed(&self) -> Box<dyn AnyOptimizer>;
    /// The update of weights of `f32`.
    #[doc(hidden)]
    fn on_f32(&self) -> &dyn Update<f32>;
    /// The update of weights of `f64`.
    #[doc(hidden)]
    fn on_f64(&self) -> &dyn Update<f64>;
}

/// The update of an optimizer for one dtype.
pub trait Update<E> {
    /// [`Optimizer::update`].
    fn update(&self, step: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]);
    /// [`Optimizer::catch_up`].
    fn catch_up(&self, pending: &PendingSteps<'_>, weights: &mut [E], slots: &mut [Vec<E>]);
}

/// A wrapper that makes an optimizer an object. A separate type, so that the methods of an
/// optimizer are unambiguous.
pub(super) struct Erased<O>(pub(super) O);

impl<O: Optimizer> std::fmt::Debug for Erased<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Element, O: Optimizer> Update<E> for Erased<O> {
    fn update(&self, step: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]) {
        self.0.update(step, weights, gradient, slots);
    }

    fn catch_up(&self, pending: &PendingSteps<'_>, weights: &mut [E], slots: &mut [Vec<E>]) {
        self.0.catch_up(pending, weights, slots);
    }
}

impl<O: Optimizer> AnyOptimizer for Erased<O> {
    fn slots(&self) -> &'static [&'static str] {
        self.0.slots()
    }

    fn learning_rate(&self) -> f64 {
        self.0.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.0.set_learning_rate(learning_rate);
    }

    fn mistakes(&self) -> Vec<String> {
        self.0.mistakes()
    }

    fn step_size(&self, step: u64) -> Option<StepSize> {
        self.0.step_size(step)
    }

    fn clone_boxed(&self) -> Box<dyn AnyOptimizer> {
        self.0.boxed()
    }

    fn on_f32(&self) -> &dyn Update<f32> {
        self
    }

    fn on_f64(&self) -> &dyn Update<f64> {
        self
    }
}

impl ByDtype for dyn AnyOptimizer + '_ {
    type Of<'a, E: Element>
        = &'a dyn Update<E>
    where
        Self: 'a;

    fn on_f32(&self) -> &dyn Update<f32> {
        AnyOptimizer::on_f32(self)
    }

    fn on_f64(&self) -> &dyn Update<f64> {
        AnyOptimizer::on_f64(self)
    }
}

impl dyn AnyOptimizer + '_ {
    /// The update of weights of `E`.
    pub fn on<E: Element>(&self) -> &dyn Update<E> {
        E::of_dtype(self)
    }
}
