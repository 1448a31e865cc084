//! Validates a saved run before it is resumed. The file's checksum is correct at this point, so
//! invalid contents come from another version or were written on purpose. They are refused with a
//! description before anything changes, and the steps of the run need no further checks.

use multi_input_base::quote::Quoted;
use multi_input_nn::{parameters::ParameterInfo, sparse::holds_table};

use super::{saved::score_name, settings::Settings};
use crate::{
    callback::{is_learning_rate, RunPlan},
    checkpoint::{names, SavedRun},
    definition::Graph,
    history::{Figures, Phase},
    objective::Scores,
};

/// What a saved run must fit.
pub(super) struct Expected<'a> {
    pub(super) graph: &'static Graph,
    pub(super) settings: &'a Settings,
    pub(super) plan: &'a RunPlan,
    /// The trained tensors of the model.
    pub(super) tensors: Vec<&'a ParameterInfo>,
    /// The number of optimizer state values per weight.
    pub(super) slots: usize,
}

/// Integers below this are exact in `f64`, and their sums fit 64 bits.
const MOST: u64 = 1 << 53;

impl Expected<'_> {
    /// # Errors
    /// A description of the first mismatch.
    pub(super) fn check<E>(&self, saved: &SavedRun<E>) -> Result<(), String> {
        self.counters(saved)?;
        self.history(saved)?;
        let (expected, found) = (self.tensors.len(), saved.tensor_steps.len());
        if expected != found {
            return Err(format!("steps of {found} trained tensors, of which there are {expected}"));
        }
        for (index, tensor) in self.tensors.iter().enumerate() {
            self.tensor(saved, index, tensor)?;
        }
        self.figures(saved)
    }

    /// Checks epoch, steps and batches.
    fn counters<E>(&self, saved: &SavedRun<E>) -> Result<(), String> {
        let steps = self.plan.steps_per_epoch;
        if saved.step > steps {
            return Err(format!("step {} of an epoch of {steps} steps", saved.step));
        }
        let taken = self.plan.steps_before(saved.epoch, saved.step);
        let SavedRun { batches, updates, .. } = saved;
        if u128::from(*batches) > taken || *batches >= MOST || updates > batches {
            return Err(format!(
                "{updates} steps of the optimizer in {batches} of {taken} batches"
            ));
        }
        if !is_learning_rate(saved.learning_rate) {
            return Err(format!("a learning rate of {}", saved.learning_rate));
        }
        let known = |name: &String| self.graph.nodes.iter().any(|node| node.name == name);
        match saved.frozen.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("{} is frozen, which is no node", Quoted(name))),
            None => Ok(()),
        }
    }

    fn history<E>(&self, saved: &SavedRun<E>) -> Result<(), String> {
        let (epochs, rates) = (saved.history.epochs.len(), saved.history.learning_rates.len());
        if epochs != rates || epochs > saved.epoch {
            return Err(format!(
                "a history of {epochs} epochs and {rates} learning rates after {} epochs",
                saved.epoch
            ));
        }
        let phases = [Phase::Training, Phase::Validation].iter();
        let known: Vec<String> =
            phases.flat_map(|phase| Figures::names(self.graph, *phase)).collect();
        match saved.history.names().into_iter().find(|name| !known.contains(name)) {
            Some(name) => Err(format!("a figure {} that the model does not have", Quoted(name))),
            None => Ok(()),
        }
    }

    /// Checks the state of a trained tensor: optimizer slots, moving average, accumulated gradient.
    fn tensor<E>(
        &self,
        saved: &SavedRun<E>,
        index: usize,
        tensor: &ParameterInfo,
    ) -> Result<(), String> {
        let name = &tensor.name;
        let steps = saved.tensor_steps[index];
        if steps > saved.updates {
            return Err(format!("{steps} steps of `{name}`, of {}", saved.updates));
        }
        let is_table = holds_table(&saved.state, name, &tensor.shape, self.slots)?;
        if !is_table {
            let mut slots = (0..self.slots).map(|slot| names::slot(slot, name));
            slots.try_for_each(|slot| has(saved, &slot, &[tensor.elements()]))?;
        }
        if self.settings.moving_average.is_some() {
            has(saved, &names::average(name), &[tensor.elements()])?;
        }
        if self.settings.accumulate > 1 && !is_table {
            // No gradients are accumulated before the first batch.
            has(saved, &names::sum(name), &[0, tensor.elements()])?;
        }
        Ok(())
    }

    /// Checks the figures of the current epoch: restoring them and reading them back must give the
    /// same numbers.
    fn figures<E>(&self, saved: &SavedRun<E>) -> Result<(), String> {
        let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        for shard in 0..saved.shards {
            let named = |name: &str| score_name(shard, saved.shards, name);
            let mut scores = Scores::new(self.graph, None).map_err(|error| error.to_string())?;
            scores.set_state(|name| saved.state.numbers.get(&named(name)).cloned());
            for (name, state) in scores.state() {
                let name = named(&name);
                let found = saved.state.numbers.get(&name);
                if found.is_none_or(|found| bits(found) != bits(&state)) {
                    return Err(format!("`{name}` is not what the figures of an epoch keep"));
                }
            }
        }
        Ok(())
    }
}

/// Refuses a tensor whose number of elements is not one of `counts`.
fn has<E>(saved: &SavedRun<E>, name: &str, counts: &[usize]) -> Result<(), String> {
    match saved.state.tensors.get(name).map(Vec::len) {
        Some(found) if counts.contains(&found) => Ok(()),
        Some(found) => Err(format!("`{name}` has {found} numbers, expected {counts:?}")),
        None => Err(format!("`{name}` is missing")),
    }
}
