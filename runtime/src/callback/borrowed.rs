//! A callback that a run borrows.

use multi_input_base::Result;

use super::{Callback, Event, Flow, Gradients, Memory, RunPlan, Training};

/// A borrowed callback, which its owner has again after the run.
pub struct Borrowed<'c, C: ?Sized>(pub(crate) &'c mut C);

impl<M, C: Callback<M> + ?Sized> Callback<M> for Borrowed<'_, C> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        self.0.mistakes(run)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow> {
        self.0.on(event, training)
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        self.0.gradients(gradients);
    }

    fn on_main_rank_only(&self) -> bool {
        self.0.on_main_rank_only()
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn remember(&self, memory: &mut Memory) {
        self.0.remember(memory);
    }

    fn recall(&mut self, memory: &Memory) {
        self.0.recall(memory);
    }
}
