//! `Freeze`: freezes a branch for the first epochs.

use std::marker::PhantomData;

use multi_input_base::Result;

use super::{callback_of_its_model, AnyCallback, AnyTraining, Event, Flow, RunPlan};
use crate::definition::NodeIn;

/// Freezes a branch until an epoch begins, for example to train the head before the branch below
/// it. `Trainer::freeze` freezes for the whole run.
///
/// `layer.trainable = False`, `fit`, `layer.trainable = True`, `compile` and `fit` in Keras, except
/// that the optimizer keeps its state; the optimizer state of the branch starts at its first step.
#[derive(Clone, Copy, Debug)]
pub struct Freeze<M> {
    untyped: Freezing,
    model: PhantomData<fn() -> M>,
}

callback_of_its_model!(Freeze);

/// [`Freeze`] without the type of the model.
#[derive(Clone, Copy, Debug)]
struct Freezing {
    node: &'static str,
    until: usize,
}

impl<M> Freeze<M> {
    /// Freezes the branch of a node before epoch number `epoch`, counted from 0.
    pub fn until_epoch(branch: impl NodeIn<M>, epoch: usize) -> Freeze<M> {
        let untyped = Freezing { node: branch.node().name(), until: epoch };
        Freeze { untyped, model: PhantomData }
    }
}

impl AnyCallback for Freezing {
    fn name(&self) -> &'static str {
        "Freeze"
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        run.graph.branch_mistake(self.node).into_iter().collect()
    }

    fn settings(&self) -> String {
        format!("`{}` until epoch {}", self.node, self.until)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::Started => {
                let frozen = training.position().epoch < self.until;
                training.freeze_node(self.node, frozen);
            }
            Event::EpochStarted { epoch } if *epoch == self.until => {
                training.freeze_node(self.node, false);
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}
