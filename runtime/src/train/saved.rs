//! A run as it is written down, and taken up again.

use std::path::Path;

use super::{run::Run, trainer::Settings, walk, Trainer};
use crate::{
    callback::{Callback, Memory, RunPlan},
    checkpoint::{CheckpointError, SavedRun},
    definition::{Definition, Network},
    kernel::{Backend, Element},
    lazy::Raw,
    optim::{Optimizer, OptimizerState},
    Error, Result,
};

/// What must be the same for a run to end as it would have ended: names and values, in words.
type Fixed = Vec<(String, String)>;

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Of this trainer on rows of the given fingerprint.
    pub(super) fn fixed_settings(&self, plan: &RunPlan, fingerprint: u32) -> Fixed {
        let callbacks = self.callbacks.iter().map(|callback| callback.name());
        fixed(&self.settings, plan, &self.optimizer, fingerprint, callbacks)
    }
}

fn fixed<'a>(
    settings: &Settings,
    plan: &RunPlan,
    optimizer: &impl Optimizer,
    fingerprint: u32,
    callbacks: impl Iterator<Item = &'a str>,
) -> Fixed {
    let Settings { seed, shuffle, accumulate, clip, moving_average, .. } = settings;
    let Settings { whole_tables, keep_untrained, rates, dropped, .. } = settings;
    // The rate itself is the run's: schedules change it.
    let mut optimizer = optimizer.clone();
    optimizer.set_learning_rate(1.0);
    let settings = [
        ("the number of training rows", plan.rows.to_string()),
        ("the values of its rows", format!("checksum {fingerprint:08x}")),
        ("`batch_size`", settings.batch_size.to_string()),
        ("`steps_per_epoch`", plan.steps_per_epoch.to_string()),
        ("`seed`", seed.0.to_string()),
        ("`shuffle`", format!("{shuffle:?}")),
        ("`shuffle_window`", settings.shuffle_window.to_string()),
        ("`shuffle_memory`", settings.shuffle_memory.to_string()),
        ("`accumulate`", accumulate.to_string()),
        ("`clip`", format!("{clip:?}")),
        ("`moving_average`", format!("{moving_average:?}")),
        ("`whole_tables`", whole_tables.to_string()),
        ("`keep_untrained`", keep_untrained.to_string()),
        ("`learning_rate_of`", format!("{rates:?}")),
        ("`drop_input`", format!("{dropped:?}")),
        ("the optimizer (at a rate of 1)", format!("{optimizer:?}")),
        ("its callbacks", format!("{:?}", callbacks.collect::<Vec<_>>())),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The first setting in which a saved run differs.
pub(super) fn compare(
    path: &Path,
    own: &Fixed,
    saved: &SavedRun,
) -> std::result::Result<(), CheckpointError> {
    for (name, expected) in own {
        let found = saved.settings.iter().find(|(known, _)| known == name);
        let found = found.map_or("nothing", |(_, value)| value.as_str());
        if found != expected {
            return Err(CheckpointError::OtherRun {
                path: path.into(),
                setting: name.clone(),
                expected: expected.clone(),
                found: found.to_owned(),
            });
        }
    }
    Ok(())
}

/// The names of a callback's numbers begin with its place and its name.
fn prefix<M: Definition>(place: usize, callback: &dyn Callback<M>) -> String {
    format!("callback.{place}.{}.", callback.name())
}

/// The progress is shown, but is no part of the run.
fn of_the_run<M: Definition>(callback: &dyn Callback<M>) -> bool {
    callback.name() != "Progress"
}

impl<M: Network<E, D>, E: Element, D: Backend<E>, O: Optimizer> Run<'_, M, E, D, O> {
    /// All of the run but its model.
    pub(super) fn saved(
        &self,
        callbacks: &[Box<dyn Callback<M>>],
        raw: &[Option<Raw<E>>],
    ) -> SavedRun {
        let own = || callbacks.iter().filter(|callback| of_the_run(callback.as_ref()));
        let names = own().map(|callback| callback.name());
        let mut saved = SavedRun {
            settings: fixed(&self.settings, &self.plan, &self.optimizer, self.fingerprint, names),
            epoch: self.epoch,
            step: self.step,
            batches: self.batches,
            updates: self.state.step,
            tensor_steps: self.state.tensors.iter().map(|tensor| tensor.step).collect(),
            learning_rate: self.optimizer.learning_rate(),
            frozen: self.branches.frozen().map(str::to_owned).collect(),
            stopped: self.stopped,
            history: self.history.clone(),
            ..SavedRun::default()
        };
        for tensor in &self.state.tensors {
            for (slot, numbers) in tensor.slots.iter().enumerate() {
                saved.tensors.insert(format!("optimizer.{slot}.{}", tensor.name), wide(numbers));
            }
        }
        let names = self.state.tensors.iter().map(|tensor| tensor.name.as_str());
        self.tables.save(names, raw, &mut saved);
        let averages = self.averages.iter().flat_map(|averages| &averages.tensors);
        for (kind, tensors) in
            [("average", averages.collect::<Vec<_>>()), ("sum", self.accumulated.iter().collect())]
        {
            for (state, numbers) in self.state.tensors.iter().zip(tensors) {
                saved.tensors.insert(format!("{kind}.{}", state.name), wide(numbers));
            }
        }
        saved.numbers.extend(self.scores.state());
        for (place, callback) in own().enumerate() {
            let mut memory = Memory::default();
            callback.remember(&mut memory);
            let prefix = prefix(place, callback.as_ref());
            let named =
                memory.0.into_iter().map(|(name, numbers)| (prefix.clone() + &name, numbers));
            saved.numbers.extend(named);
        }
        saved
    }

    /// Goes on from a run that was written down; the model has its weights already.
    pub(super) fn recall(
        &mut self,
        saved: &SavedRun,
        callbacks: &mut [Box<dyn Callback<M>>],
    ) -> Result<()> {
        (self.epoch, self.step, self.batches) = (saved.epoch, saved.step, saved.batches);
        (self.stopped, self.history) = (saved.stopped, saved.history.clone());
        if !self.stopped {
            // The reason for a pause, which is over.
            self.history.end_reason = None;
        }
        self.optimizer.set_learning_rate(saved.learning_rate);
        recall_optimizer(&mut self.state, saved)?;
        self.recall_tables(saved)?;
        let (names, tensors) = (&self.state.tensors, &saved.tensors);
        for (index, state) in names.iter().enumerate() {
            if let Some(averages) = &mut self.averages {
                fill(
                    &mut averages.tensors[index],
                    tensors.get(&format!("average.{}", state.name)),
                )?;
            }
            if let Some(sum) = self.accumulated.get_mut(index) {
                let saved = tensors.get(&format!("sum.{}", state.name));
                sum.resize(saved.map_or(0, Vec::len), E::zero());
                fill(sum, saved)?;
            }
        }
        self.scores.set_state(|name| saved.numbers.get(name).cloned());
        for node in M::GRAPH.nodes {
            let frozen = saved.frozen.iter().any(|name| name == node.name);
            self.branches.freeze(&M::GRAPH, node.name, frozen);
        }
        self.tell_frozen();
        for (place, callback) in callbacks.iter_mut().enumerate() {
            let prefix = prefix(place, callback.as_ref());
            let own = saved.numbers.iter().filter_map(|(name, numbers)| {
                Some((name.strip_prefix(&prefix)?.to_owned(), numbers.clone()))
            });
            callback.recall(&Memory(own.collect()));
        }
        Ok(())
    }
}

impl<M: Network<E, D>, E: Element, D: Backend<E>, O: Optimizer> Run<'_, M, E, D, O> {
    fn recall_tables(&mut self, saved: &SavedRun) -> Result<()> {
        let Run { tables, state, .. } = self;
        let mut known = Some(());
        walk::weights(&mut self.model.module, |index, weights| {
            let tensor = &state.tensors[index];
            let of = (index, tensor.name.as_str());
            known = known.and(tables.recall(of, tensor.step, saved, weights));
        })
        .map_err(Error::device)?;
        known.ok_or_else(another_version)
    }
}

fn recall_optimizer<E: Element>(state: &mut OptimizerState<E>, saved: &SavedRun) -> Result<()> {
    state.step = saved.updates;
    for (tensor, step) in state.tensors.iter_mut().zip(&saved.tensor_steps) {
        tensor.step = *step;
        for (slot, numbers) in tensor.slots.iter_mut().enumerate() {
            let saved = saved.tensors.get(&format!("optimizer.{slot}.{}", tensor.name));
            // A table keeps its own.
            if saved.is_some() {
                fill(numbers, saved)?;
            }
        }
    }
    Ok(())
}

fn wide<E: Element>(numbers: &[E]) -> Vec<f64> {
    numbers.iter().map(|number| number.as_f64()).collect()
}

/// Takes over numbers, of which there must be as many. The checksum was right, so only another
/// version of this crate can have written others.
fn fill<E: Element>(own: &mut [E], saved: Option<&Vec<f64>>) -> Result<()> {
    match saved.filter(|saved| saved.len() == own.len()) {
        Some(saved) => {
            own.iter_mut().zip(saved).for_each(|(own, &saved)| *own = E::of(saved));
            Ok(())
        }
        None => Err(another_version()),
    }
}

fn another_version() -> Error {
    Error::Device("the checkpoint is of another version".to_owned())
}
