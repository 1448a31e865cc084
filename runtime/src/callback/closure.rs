//! Closures as callbacks.

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Callback, Event, Flow, Gradients, Training};

/// What a closure passed to [`Trainer::on_event`](crate::train::Trainer::on_event) may return:
/// nothing, which continues the training, a [`Flow`], or a `Result` of either, whose error ends the
/// training.
#[diagnostic::on_unimplemented(
    message = "a closure of `on_event` returns nothing, a `Flow` or a `Result`, but not `{Self}`",
    label = "end the closure with `;` or with `Flow::Continue`"
)]
pub trait IntoFlow {
    /// Whether training continues.
    ///
    /// # Errors
    /// The error that ends training.
    fn into_flow(self) -> Result<Flow>;
}

#[diagnostic::do_not_recommend]
impl IntoFlow for () {
    fn into_flow(self) -> Result<Flow> {
        Ok(Flow::Continue)
    }
}

#[diagnostic::do_not_recommend]
impl IntoFlow for Flow {
    fn into_flow(self) -> Result<Flow> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<F: IntoFlow> IntoFlow for Result<F> {
    fn into_flow(self) -> Result<Flow> {
        self?.into_flow()
    }
}

/// A closure that is called on every event, and the conversion of what it returns.
pub struct OnEvent<F, R>(pub(crate) F, pub(crate) fn(R) -> Result<Flow>);

impl<M, R, F: FnMut(&Event<'_>, &mut dyn Training<M>) -> R> Callback<M> for OnEvent<F, R> {
    fn name(&self) -> &'static str {
        "on_event"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow> {
        (self.1)((self.0)(event, training))
    }
}

/// A closure that is called with the gradients of every step.
pub struct OnGradients<F>(pub(crate) F);

impl<F: FnMut(&mut Gradients<'_>)> AnyCallback for OnGradients<F> {
    fn name(&self) -> &'static str {
        "on_gradients"
    }

    fn on(&mut self, _: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        (self.0)(gradients);
    }
}
