//! What becomes NaN or infinite in a step.

use multi_input_base::{Error, Result};
use multi_input_kernel::{sweep, Backend, Element};

use super::{batch::BatchRows, inspect::first_non_finite, run::Run, step::StepLosses};
use crate::{
    callback::{AnyCallback, Cause, Event, Flow},
    untyped::parameters,
};

/// What is not finite in a step.
#[derive(Clone, Debug)]
pub(super) struct NotFinite {
    pub(super) cause: Cause,
    pub(super) node: Option<&'static str>,
    /// Whether the step was taken, so that the weights are spoilt. Otherwise they are as before.
    pub(super) taken: bool,
    /// Whether all ranks find the same in this step. What callbacks have made so may be so on this
    /// rank only, and the rows of a divided table are.
    pub(super) on_all_ranks: bool,
}

/// Where gradients of divided tables are searched for one that is not finite.
#[derive(Clone, Copy)]
pub(super) enum InDivided {
    /// On all ranks: the exchange of the gradients has found this tensor, or none.
    Known(Option<usize>),
    /// In the rows that this rank holds.
    Held,
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// What the losses of a batch, its gradients, or the running statistics after its passes have that
    /// is not finite.
    pub(super) fn not_finite_in(&mut self, losses: &StepLosses) -> Result<Option<Cause>> {
        let mut outputs = self.model.graph().outputs.iter().zip(&losses.by_output);
        if let Some((output, value)) = outputs.find(|(_, value)| !value.is_finite()) {
            return Ok(Some(Cause::Loss { output: output.name, value: *value }));
        }
        let of_divided = self.ranks.as_ref().and_then(|ranks| ranks.infinite);
        if let Some(cause) = self.infinite_gradient(InDivided::Known(of_divided)) {
            return Ok(Some(cause));
        }
        let found = self.statistics.first_infinite(&mut self.model.module)?;
        let named = |index| {
            let tensors = parameters::list(&self.model.module).into_iter();
            tensors.filter(|tensor| !tensor.trainable).nth(index)
        };
        Ok(found.and_then(named).map(|tensor| Cause::Statistics { tensor: tensor.name }))
    }

    /// The first tensor with a non-finite gradient, which would make all of its weights non-finite.
    pub(super) fn infinite_gradient(&mut self, in_divided: InDivided) -> Option<Cause> {
        let divided = &self.divided;
        let (mut found, searches_divided) = match in_divided {
            InDivided::Known(found) => (found, false),
            InDivided::Held => (None, true),
        };
        self.gradients.each(&mut self.tables, |tensor, gradient| {
            let is_first = found.is_none_or(|found| tensor < found);
            let is_searched = searches_divided || divided[tensor].is_none();
            if is_first && is_searched && !sweep::all_finite(gradient) {
                found = Some(tensor);
            }
        });
        Some(Cause::Gradient { tensor: self.state.tensors[found?].name.clone() })
    }

    /// Runs a batch again to find the first node with a non-finite output.
    pub(super) fn first_infinite_node(
        &mut self,
        rows: &mut BatchRows,
    ) -> Result<Option<&'static str>> {
        let mut failed = Ok(());
        let node = first_non_finite(|| failed = self.losses(rows).map(drop));
        self.restore_statistics()?;
        failed?;
        let Some(ranks) = &self.ranks else { return Ok(node) };
        ranks.first_node(self.model.graph(), node)
    }

    /// Tells the callbacks, of which one may end the training normally.
    ///
    /// # Errors
    /// Otherwise what is not finite.
    pub(super) fn end_of_not_finite(
        &mut self,
        found: NotFinite,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> Result<Flow> {
        let NotFinite { cause, node, taken, on_all_ranks } = found;
        let (epoch, step) = (self.epoch, self.step - usize::from(taken));
        let event = Event::NotFinite { epoch, step, cause: &cause, node };
        match on_all_ranks || self.ranks.is_none() {
            // The other ranks may be elsewhere, so nothing is agreed on, and the run ends.
            false => drop(self.notify_only(callbacks, &event)?),
            true => match self.notify(callbacks, &event)? {
                Flow::Continue => {}
                flow => return Ok(flow),
            },
        }
        let (epoch, step) = (epoch + 1, step + 1);
        Err(match cause {
            Cause::Loss { output, value } => Error::NotFinite { output, epoch, step, value, node },
            Cause::Gradient { tensor } => Error::Gradient { tensor, epoch, step, node },
            Cause::Statistics { tensor } => Error::Statistics { tensor, epoch, step },
            Cause::Weights { tensor } => Error::Weights { tensor, epoch, step },
        })
    }

    /// The first tensor with weights that are not finite and that steps change.
    fn infinite_weights(&self) -> Option<String> {
        let mut trained = 0..;
        let mut is_learning = || trained.next().and_then(|tensor| self.branches.factor(tensor));
        let all = parameters::each(&self.model.module, |tensor, weights| {
            let is_searched = tensor.trainable && is_learning().is_some();
            (is_searched && !sweep::all_finite(weights)).then_some(tensor.name)
        });
        all.into_iter().flatten().next()
    }

    /// Checks the weights that a run begins with.
    ///
    /// # Errors
    /// [`Error::Unsuitable`].
    pub(super) fn check_first_weights(&self) -> Result<()> {
        let Some(tensor) = self.infinite_weights() else { return Ok(()) };
        let reason = format!(
            "the weights `{tensor}` have NaN or infinite elements before the first step: freeze their \
             branch, or build or load the model anew"
        );
        Err(Error::Unsuitable { operation: "Trainer::fit", reason })
    }

    /// Checks the weights that a run leaves, or saves.
    ///
    /// # Errors
    /// [`Error::Weights`].
    pub(super) fn check_weights(&self) -> Result<()> {
        let Some(tensor) = self.infinite_weights() else { return Ok(()) };
        let (epoch, step) = match self.step {
            0 => (self.epoch, self.plan.steps_per_epoch),
            step => (self.epoch + 1, step),
        };
        Err(Error::Weights { tensor, epoch, step })
    }
}
