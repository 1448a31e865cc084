//! The settings and rows that must match to resume a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    fingerprint::Fingerprint,
    settings::{Refit, Shuffle, ValidationRows},
    setup::Setup,
    weighting::SampleWeightCheck,
};
use crate::{
    callback::RunPlan,
    checkpoint::{CheckpointError, SavedRun},
    untyped::LookUp,
};

/// The settings and rows that determine the outcome of a run, as names and values in words. A run
/// is resumed only if all of them match.
#[derive(Clone, Debug, Default)]
pub(super) struct SameRun(pub(super) Vec<(String, String)>);

/// The origin of the training rows, which determines their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowsFrom {
    Memory,
    Source,
}

/// The identity of the training rows.
pub(super) struct TrainingRows<'a> {
    pub(super) from: RowsFrom,
    /// The checksum of the rows' values.
    pub(super) values: u32,
    pub(super) weights: &'a [SampleWeightCheck],
}

impl Setup<'_> {
    /// The identity of this training on these rows.
    pub(super) fn same_run(&self, plan: &RunPlan, rows: &TrainingRows<'_>) -> SameRun {
        let named = |(name, value): (&str, String)| (name.to_owned(), value);
        let mut all: Vec<_> = self.rows_and_order(plan, rows).into_iter().map(named).collect();
        all.extend(self.steps().into_iter().map(named));
        all.extend(self.sharded());
        all.push(self.losses());
        all.extend(self.weights(rows));
        all.extend(self.monitored());
        SameRun(all)
    }

    fn rows_and_order(
        &self,
        plan: &RunPlan,
        rows: &TrainingRows<'_>,
    ) -> [(&'static str, String); 10] {
        let settings = &self.settings;
        let shuffle = match (settings.shuffle, rows.from) {
            (Shuffle::EachEpoch, RowsFrom::Source) => "EachEpoch, of a source".to_owned(),
            (shuffle, _) => format!("{shuffle:?}"),
        };
        [
            ("the number of training rows", plan.rows.to_string()),
            ("the values of its rows", format!("checksum {:08x}", rows.values)),
            ("`batch_size`", settings.batch_size.to_string()),
            ("`steps_per_epoch`", plan.steps_per_epoch.to_string()),
            ("`initial_epoch`", settings.initial_epoch.to_string()),
            ("`seed`", settings.seed.0.to_string()),
            ("`shuffle`", shuffle),
            ("`shuffle_window`", settings.shuffle_window.to_string()),
            ("`shuffle_memory`", settings.shuffle_memory.to_string()),
            ("`drop_input`", format!("{:?}", settings.dropped)),
        ]
    }

    fn steps(&self) -> [(&'static str, String); 10] {
        let settings = &self.settings;
        let frozen: BTreeSet<&str> = settings.frozen.iter().copied().collect();
        // The learning rate is part of the run's state, because schedules change it.
        let mut optimizer = self.optimizer.clone_boxed();
        optimizer.set_learning_rate(1.0);
        [
            ("`accumulate`", settings.accumulate.to_string()),
            ("`clip`", format!("{:?}", settings.clip)),
            ("`moving_average`", format!("{:?}", settings.moving_average)),
            ("`whole_tables`", settings.whole_tables.to_string()),
            ("`keep_untrained`", settings.keep_untrained.to_string()),
            ("`learning_rate_of`", format!("{:?}", settings.rates)),
            ("`freeze`", in_words(frozen.into_iter().map(|name| format!("`{name}`")))),
            ("`refit`", settings.refit.in_words()),
            ("the optimizer (at a rate of 1)", format!("{optimizer:?}")),
            ("the learning rate at its start", self.optimizer.learning_rate().to_string()),
        ]
    }

    /// The tables whose updates are by rows whatever their size, if there are any.
    fn sharded(&self) -> Option<(String, String)> {
        let tables = LookUp::all(self.graph).into_iter().filter(|look_up| look_up.sharded);
        let owners: BTreeSet<&str> = tables.map(|look_up| look_up.owner).collect();
        let tables = in_words(owners.iter().map(|owner| format!("`{owner}`")));
        (!owners.is_empty()).then(|| ("the `sharded` tables".to_owned(), tables))
    }

    /// The losses with their arguments and weights.
    fn losses(&self) -> (String, String) {
        let outputs = self.graph.outputs.iter();
        let losses = outputs.map(|output| {
            format!("`{}` {:?} of weight {}", output.name, output.loss, output.weight)
        });
        ("the losses".to_owned(), in_words(losses))
    }

    /// The weights of rows and classes.
    fn weights(&self, rows: &TrainingRows<'_>) -> Vec<(String, String)> {
        let of_rows = rows.weights.iter().map(|weights| {
            let (output, values) = weights.fingerprint();
            format!("`{output}` checksum {values:08x}")
        });
        let of_classes = self.weighting.by_class.iter().map(|by_class| {
            let name = self.graph.outputs.get(by_class.index).map_or("", |output| output.name);
            // In the order of the classes, the last weight given for each class, without weights of
            // 1.
            let mut weights: BTreeMap<usize, f64> = by_class.weights.iter().copied().collect();
            weights.retain(|_, weight| *weight != 1.0);
            format!("`{name}` {weights:?}")
        });
        vec![
            ("`sample_weight`".to_owned(), in_words(of_rows)),
            ("`class_weight`".to_owned(), in_words(of_classes)),
        ]
    }

    /// The metrics with their parameters: an epoch that goes on has to keep the same figures.
    fn metrics(&self) -> impl Iterator<Item = String> + '_ {
        let outputs = self.graph.outputs.iter();
        outputs.filter(|output| output.reported().next().is_some()).map(|output| {
            let metrics: Vec<_> = output.reported().collect();
            format!("`{}` {metrics:?}", output.name)
        })
    }

    /// The settings of callbacks and of validation, on which callbacks decide.
    fn monitored(&self) -> Vec<(String, String)> {
        let names: Vec<&str> = self.callbacks.iter().map(|callback| callback.name()).collect();
        let frequency = self.settings.validation_frequency.to_string();
        let mut monitored = vec![
            ("the validation rows".to_owned(), self.validation.in_words()),
            ("`validation_frequency`".to_owned(), frequency),
            ("its callbacks".to_owned(), format!("{names:?}")),
            ("its metrics".to_owned(), in_words(self.metrics())),
        ];
        let settings = self.callbacks.iter().enumerate().map(|(index, callback)| {
            let name = format!("the settings of callback {}, `{}`", index + 1, callback.name());
            (name, in_words(Some(callback.settings()).into_iter().filter(|all| !all.is_empty())))
        });
        monitored.extend(settings);
        monitored
    }
}

impl Refit {
    fn in_words(&self) -> String {
        match self {
            Refit::All => "all".to_owned(),
            Refit::Fields(fields) => {
                let fields: BTreeSet<&str> = fields.iter().copied().collect();
                in_words(fields.into_iter().map(|name| format!("`{name}`")))
            }
        }
    }
}

/// The items of a list in words.
fn in_words(list: impl Iterator<Item = String>) -> String {
    let list: Vec<String> = list.collect();
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

impl ValidationRows {
    /// The rows of a source are not read for this.
    fn in_words(&self) -> String {
        match self {
            ValidationRows::None => "none".to_owned(),
            ValidationRows::Split(fraction) => format!("the share {fraction} of the rows"),
            ValidationRows::Rows(Ok(table)) => {
                format!("{}, checksum {:08x}", table.rows, Fingerprint::of(table))
            }
            ValidationRows::Rows(Err(_)) => "rows that cannot be taken".to_owned(),
            ValidationRows::Source(_) => "those of a source".to_owned(),
        }
    }
}

impl SameRun {
    /// Compares a saved run with this one.
    ///
    /// # Errors
    /// The first setting that differs.
    pub(super) fn compare<E>(
        &self,
        path: &Path,
        saved: &SavedRun<E>,
    ) -> std::result::Result<(), CheckpointError> {
        for (name, expected) in &self.0 {
            let found = saved.settings.iter().find(|(known, _)| known == name);
            let found = found.map_or("nothing, or an earlier version wrote it", |(_, value)| value);
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
}
