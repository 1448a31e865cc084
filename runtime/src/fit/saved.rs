//! Saving and resuming the state of a run.

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{
    optim::OptimizerState,
    parameters::Role,
    sparse::{RawWeights, StateToSave},
};

use super::run::Run;
use crate::{
    callback::{AnyCallback, Memory},
    checkpoint::{names, CheckpointError, SavedRun},
    objective::Scores,
    untyped::parameters,
};

/// The prefix of the names of a callback's numbers: its index and its name.
fn prefix(index: usize, callback: &dyn AnyCallback) -> String {
    format!("callback.{index}.{}.", callback.name())
}

/// Progress is displayed but not part of the run's state.
fn of_the_run(callback: &dyn AnyCallback) -> bool {
    callback.name() != "Progress"
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The run without its model, and its state.
    pub(super) fn to_save<'r>(
        &'r self,
        callbacks: &[Box<dyn AnyCallback + '_>],
        raw: &'r [Option<RawWeights<E>>],
        scores: &[ScoreState],
    ) -> (SavedRun<E>, StateToSave<'r, E>) {
        let own = || callbacks.iter().filter(|callback| of_the_run(callback.as_ref()));
        let mut saved = SavedRun {
            settings: self.same_run.0.clone(),
            epoch: self.epoch,
            step: self.step,
            batches: self.batches,
            updates: self.state.step,
            tensor_steps: self.state.tensors.iter().map(|tensor| tensor.step).collect(),
            learning_rate: self.optimizer.learning_rate(),
            frozen: self.branches.frozen().map(str::to_owned).collect(),
            stopped: self.stopped,
            shards: scores.len(),
            history: self.history.clone(),
            ..SavedRun::default()
        };
        let mut state = StateToSave::default();
        for tensor in &self.state.tensors {
            for (slot, numbers) in tensor.slots.iter().enumerate() {
                state.tensors.insert(names::slot(slot, &tensor.name), numbers);
            }
        }
        let names = self.state.tensors.iter().map(|tensor| tensor.name.as_str());
        self.tables.save(names, raw, &mut state);
        let averages = self.averages.iter().flat_map(|averages| &averages.tensors);
        for (tensor, numbers) in self.state.tensors.iter().zip(averages) {
            state.tensors.insert(names::average(&tensor.name), numbers);
        }
        for (tensor, numbers) in self.state.tensors.iter().zip(&self.accumulated) {
            state.tensors.insert(names::sum(&tensor.name), numbers);
        }
        for (shard, of_shard) in scores.iter().enumerate() {
            let named = |(name, numbers): &(String, Vec<f64>)| {
                (score_name(shard, scores.len(), name), numbers.clone())
            };
            state.numbers.extend(of_shard.iter().map(named));
        }
        let sharded = self.model.sharded_tensors();
        for (index, callback) in own().enumerate() {
            let mut memory = Memory::default();
            callback.remember(&mut memory);
            let prefix = prefix(index, callback.as_ref());
            let copies =
                memory.snapshots.iter().flat_map(|name| sharded.iter().map(move |of| (name, of)));
            for (name, (tensor, table)) in copies {
                let copy = prefix.clone() + &Memory::copy_of(name, *tensor);
                saved.copies.insert(copy, table.clone());
            }
            let named =
                memory.numbers.into_iter().map(|(name, numbers)| (prefix.clone() + &name, numbers));
            state.numbers.extend(named);
        }
        (saved, state)
    }

    /// Restores the state of a saved run; the model already has its weights.
    ///
    /// # Errors
    /// [`CheckpointError::Run`] if numbers do not fit.
    pub(super) fn recall(&mut self, saved: &SavedRun<E>) -> Result<()> {
        (self.epoch, self.step, self.batches) = (saved.epoch, saved.step, saved.batches);
        (self.stopped, self.history) = (saved.stopped, saved.history.clone());
        if !self.stopped {
            // The reason of the pause, which is over.
            self.history.end_reason = None;
        }
        self.optimizer.set_learning_rate(saved.learning_rate);
        recall_optimizer(&mut self.state, saved)?;
        self.recall_tables(saved)?;
        self.clear_slots_of_tables();
        for (index, state) in self.state.tensors.iter().enumerate() {
            if let Some(averages) = &mut self.averages {
                fill(&mut averages.tensors[index], saved, &names::average(&state.name))?;
            }
            if let Some(sum) = self.accumulated.get_mut(index) {
                let name = names::sum(&state.name);
                sum.resize(saved.state.tensors.get(&name).map_or(0, Vec::len), E::zero());
                fill(sum, saved, &name)?;
            }
        }
        self.recall_scores(saved)?;
        self.branches.freeze_only(&saved.frozen);
        self.apply_frozen();
        Ok(())
    }
}

/// The state of the scores of a shard, by name.
pub(super) type ScoreState = Vec<(String, Vec<f64>)>;

/// The name of a number of a shard's scores in a file. Without shards it is the number's own.
pub(super) fn score_name(shard: usize, shards: usize, name: &str) -> String {
    match shards {
        1 => name.to_owned(),
        _ => format!("shard.{shard}.{name}"),
    }
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// Restores the scores of the shards of this rank. Of a run with another number of shards, the
    /// first one gets the rows of all.
    fn recall_scores(&mut self, saved: &SavedRun<E>) -> Result<()> {
        let count = self.ranks.as_ref().map_or(1, |ranks| ranks.shards.count);
        let own = self.ranks.as_ref().map_or(0..1, |ranks| ranks.shards.own.clone());
        let of_shard = |shard: usize, scores: &mut Scores| {
            scores.set_state(|name| {
                saved.state.numbers.get(&score_name(shard, saved.shards, name)).cloned()
            });
        };
        if saved.shards == count {
            own.zip(&mut self.scores).for_each(|(shard, scores)| of_shard(shard, scores));
        } else if own.contains(&0) {
            for shard in 0..saved.shards {
                let mut scores = self.no_scores()?;
                of_shard(shard, &mut scores);
                self.scores[0].merge(&scores.state());
            }
        }
        Ok(())
    }

    fn recall_tables(&mut self, saved: &SavedRun<E>) -> Result<()> {
        let Run { tables, state, .. } = self;
        let mut known = Some(());
        parameters::edit_role(&mut self.model.module, Role::Trained, |index, weights| {
            let tensor = &state.tensors[index];
            let of = (index, tensor.name.as_str());
            known = known.and(tables.load(of, tensor.step, &saved.state, weights));
        })?;
        known.ok_or_else(|| unfit(saved, "a table"))
    }
}

/// Restores the state of the callbacks, in a model whose tensors have `sizes` elements.
///
/// # Errors
/// A description of the state that the callback cannot have written.
pub(super) fn recall_callbacks<E>(
    saved: &SavedRun<E>,
    sizes: Vec<usize>,
    callbacks: &mut [Box<dyn AnyCallback + '_>],
) -> std::result::Result<(), String> {
    for (index, callback) in callbacks.iter_mut().enumerate() {
        let prefix = prefix(index, callback.as_ref());
        let own = saved.state.numbers.iter().filter_map(|(name, numbers)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), numbers.clone()))
        });
        let memory = Memory::of(own.collect(), sizes.clone());
        callback.recall(&memory);
        if let Some(problem) = memory.problem() {
            return Err(format!("{}, {problem}", callback.name()));
        }
    }
    Ok(())
}

fn recall_optimizer<E: Element>(state: &mut OptimizerState<E>, saved: &SavedRun<E>) -> Result<()> {
    state.step = saved.updates;
    for (tensor, step) in state.tensors.iter_mut().zip(&saved.tensor_steps) {
        tensor.step = *step;
        for (slot, numbers) in tensor.slots.iter_mut().enumerate() {
            let name = names::slot(slot, &tensor.name);
            // A sparse table saves its own optimizer state.
            if saved.state.tensors.contains_key(&name) {
                fill(numbers, saved, &name)?;
            }
        }
    }
    Ok(())
}

/// Copies saved numbers into `own`; their counts must match.
fn fill<E: Element>(own: &mut [E], saved: &SavedRun<E>, name: &str) -> Result<()> {
    match saved.state.tensors.get(name).filter(|saved| saved.len() == own.len()) {
        Some(saved) => {
            own.copy_from_slice(saved);
            Ok(())
        }
        None => Err(unfit(saved, name)),
    }
}

fn unfit<E>(saved: &SavedRun<E>, name: &str) -> Error {
    let reason = format!("`{name}` does not fit the model");
    CheckpointError::Run { path: saved.path.clone(), reason }.into()
}
