//! `Freeze`: a branch that starts to learn later.

use super::{Callback, Event, Flow, RunPlan, Training};
use crate::{
    definition::Definition,
    train::{branch_mistake, NodeOf},
    Result,
};

/// Keeps a branch as it is until an epoch begins: train the head first, then the branch below it.
/// [`Trainer::freeze`](crate::train::Trainer::freeze) keeps it for the whole run.
///
/// `layer.trainable = False`, `fit`, `layer.trainable = True`, `compile` and `fit` in Keras; but the
/// optimizer goes on, and the branch's own memory starts at its first step.
#[derive(Clone, Copy, Debug)]
pub struct Freeze<M> {
    branch: NodeOf<M>,
    until: usize,
}

impl<M: Definition> Freeze<M> {
    /// Freezes the branch of a node before epoch number `epoch`, from 0.
    pub fn until_epoch(branch: impl Into<NodeOf<M>>, epoch: usize) -> Freeze<M> {
        Freeze { branch: branch.into(), until: epoch }
    }
}

impl<M: Definition> Callback<M> for Freeze<M> {
    fn name(&self) -> &'static str {
        "Freeze"
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        branch_mistake(run.graph, self.branch.name()).into_iter().collect()
    }

    fn settings(&self) -> String {
        format!("`{}` until epoch {}", self.branch.name(), self.until)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow> {
        match event {
            Event::Started => {
                let frozen = training.position().epoch < self.until;
                training.freeze(self.branch, frozen);
            }
            Event::EpochStarted { epoch } if *epoch == self.until => {
                training.freeze(self.branch, false);
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}
