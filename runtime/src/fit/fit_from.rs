//! Training on the rows of a source, which need not fit into memory.

use std::sync::mpsc::sync_channel;

use multi_input_base::{Notice, NoticeKind, Result};
use multi_input_data::{SkipRefused, Table};
use multi_input_kernel::{Backend, Element};

use super::{
    counting::Counted,
    mixer::Window,
    notices::{before_the_first_step, Before},
    run::Run,
    same_run::{RowsFrom, TrainingRows},
    settings::{Shuffle, ValidationRows},
    setup::Setup,
    stream::{batches_waiting, Feed, RowsOfSource, Stream},
    validation::Validation,
};
use crate::{
    history::History,
    objective::{RowWeights, Rows},
    untyped::UntypedModel,
};

impl Setup {
    /// Trains on the rows of a source.
    pub(crate) fn fit_from<E: Element, D: Backend<E>>(
        mut self,
        model: &mut UntypedModel<E, D>,
        source: &dyn RowsOfSource,
    ) -> Result<History> {
        self.check_source(0)?;
        let Counted { fitted, rows, bytes, values, weights, census, first_rows } =
            self.count(source, self.fitted_before(model, false))?;
        let skipped = skipped_notice(source.skips(), "training");
        let plan = self.check_source(rows)?;
        let training = TrainingRows { from: RowsFrom::Source, values, weights: &weights };
        let same_run = self.same_run(&plan, &training);
        let saved = self.take_up(model, &plan, &same_run)?;
        let fitted = self.fitted_before(model, saved.is_some()).cloned().unwrap_or(fitted);
        let given = std::mem::replace(&mut self.validation, ValidationRows::None);
        let validation = Validation::new(given, &fitted, None, || Validation::None)?;

        let none = Rows::new(Table::of_samples(self.graph), &fitted, RowWeights::default())?;
        let coverage = model.coverage.as_ref();
        let before = Before { coverage, keep_untrained: self.settings.keep_untrained };
        let found = before_the_first_step(self.row, &fitted, &census, before, || {
            validation.census(&census, &none, &fitted)
        })?;

        let Setup { graph, optimizer, settings, mut callbacks, progress, weighing, .. } = self;
        let (seed, shuffle) = (settings.seed, settings.shuffle);
        let window = Window { rows: settings.shuffle_window, bytes: settings.shuffle_memory };
        let batch_size = settings.batch_size;
        let reference = first_rows
            .map(|raw| {
                // Whatever labels they have: they are not compared with anything.
                let raw = fitted.classes_where(raw, &|_, _| false, 0)?;
                Rows::new(raw, &fitted, RowWeights::default())
            })
            .transpose()?;
        // Not before: a call that is refused would leave a model that counts as fitted.
        model.preprocessing = Some(fitted.clone());
        let mut run = Run::new(model, optimizer, settings, plan, (none, same_run))?;
        if let Some(saved) = saved {
            run.recall(&saved)?;
        }
        callbacks.push(Box::new(progress));
        run.add_notices(skipped.into_iter().chain(validation.skipped()).chain(found));
        if shuffle == Shuffle::EachEpoch {
            run.add_notices(window.short_of_memory(rows, bytes));
        }
        run.reference = reference;
        let feed = Feed {
            source,
            fitted,
            weighing,
            seed,
            shuffle,
            window,
            batch_size,
            rows,
            first_batch: run.batch_number(),
        };
        std::thread::scope(|threads| {
            let (to, from) = sync_channel(batches_waiting(graph, batch_size));
            threads.spawn(move || feed.run(&to));
            run.stream = Some(Stream(from));
            // The run ends with its stream, and so does the thread.
            run.all_epochs(&validation, callbacks)
        })
    }
}

/// What is worth knowing of the rows that were left out, if any were.
pub(super) fn skipped_notice(skips: Option<&dyn SkipRefused>, of: &str) -> Option<Notice> {
    let skipped = skips?.skipped();
    let first = skipped.reasons.first()?;
    let (rows, were) = match skipped.rows {
        1 => ("row".to_owned(), "was"),
        rows => (format!("{rows} rows"), "were"),
    };
    Some(Notice::new(
        NoticeKind::SkippedRows,
        format!("{rows} of the {of} source {were} left out; the first: {first}"),
    ))
}
