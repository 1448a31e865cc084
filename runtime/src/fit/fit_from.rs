//! Training on the rows of a source, which may exceed memory.

use std::{
    path::PathBuf,
    sync::{mpsc::sync_channel, Arc},
};

use multi_input_base::{Notice, NoticeKind, Result};
use multi_input_data::{preprocess::FittedFields, reading::ShardRows, Skipped, Table};
use multi_input_kernel::{Backend, Element};

use super::{
    counting::Counted,
    notices::{before_the_first_step, Before},
    run::Run,
    same_run::{RowsFrom, TrainingRows},
    settings::{Shuffle, ValidationRows},
    setup::Setup,
    shares::Shares,
    shuffle_buffer::Window,
    source_shards::SourceShards,
    stream::{batches_waiting, Feed, RowsOfSource, Stream, Streams},
    validation::Validation,
    vectors,
};
use crate::{
    checkpoint,
    history::History,
    objective::{RowWeights, Rows},
    untyped::UntypedModel,
};

impl Setup<'_> {
    /// Trains on the rows of a source.
    pub(crate) fn fit_from<E: Element, D: Backend<E>>(
        mut self,
        model: &mut UntypedModel<E, D>,
        source: &dyn RowsOfSource,
    ) -> Result<History> {
        self.check_source(0)?;
        self.check_ranks(model)?;
        // The shards of a run that is resumed decide which rows are counted together.
        let resumed = self.shards_of_run()?;
        let file = resumed.as_ref().map(|(path, _)| path.clone());
        self.settings.keep_shards(resumed, RowsFrom::Source)?;
        let mut kept = self.kept_to_count(model)?;
        self.agree_on_counting(&kept, source.skips(), file.as_deref())?;
        let shards = SourceShards::new(source, &self.settings)?;
        if self.settings.resume.is_none() {
            vectors::check_files(self.graph, &kept, model.coverage.as_ref())?;
        }
        let Counted {
            fitted,
            rows,
            skipped,
            rows_of_shards,
            bytes,
            values,
            weights,
            statistics,
            first_rows,
        } = self.count(&shards, &kept)?;
        let skipped = skipped_notice(&skipped, "training");
        let plan = self.check_source(rows)?;
        let training = TrainingRows { from: RowsFrom::Source, values, weights: &weights };
        let same_run = self.same_run(&plan, &training);
        let saved = self.resume(model, &plan, &same_run)?;
        self.agree(model, &same_run, saved.as_ref())?;
        let mut fitted = fitted;
        if saved.is_some() {
            kept = self.kept(model, true);
            fitted = self.complete(&kept).unwrap_or(fitted);
        }
        let given = self.before_the_run(model, &fitted, &kept)?;
        let validation_rows = std::mem::replace(&mut self.validation, ValidationRows::None);
        let validation = Validation::new(validation_rows, &fitted, None, || Validation::None)?;

        let none = Rows::new(Table::of_samples(self.graph), &fitted, RowWeights::default())?;
        let coverage = model.coverage.as_ref();
        let before = Before { coverage, keep_untrained: self.settings.keep_untrained };
        let found = before_the_first_step(self.row, &fitted, &statistics, before, || {
            validation.statistics(&statistics, &none, &fitted)
        })?;

        let Setup { graph, optimizer, settings, mut callbacks, progress, weighting, .. } = self;
        let (seed, shuffle) = (settings.seed, settings.shuffle);
        let shares = Shares::new(rows_of_shards, settings.batch_size);
        let weighting = Arc::new(weighting);
        // Every shard has a buffer of its own, all of them together those of the settings.
        let count = settings.shards().count;
        let window = Window {
            rows: settings.shuffle_window.div_ceil(count),
            bytes: (settings.shuffle_memory / count).max(1),
        };
        let batch_size = settings.batch_size;
        let reference = first_rows
            .map(|raw| {
                // Labels are not compared with anything here, so none is required.
                let raw = fitted.classes_where(raw, &|_, _| false, 0)?;
                Rows::new(raw, &fitted, RowWeights::default())
            })
            .transpose()?;
        // Set only now, so that a refused call does not leave a model marked as fitted.
        model.start(fitted.clone(), &given.vectors)?;
        let mut run = Run::new(model, optimizer, settings, plan, (none, same_run))?;
        if let Some(saved) = saved {
            run.recall(&saved)?;
        }
        callbacks.push(Box::new(progress));
        let found = given.notices.into_iter().chain(found);
        run.add_notices(skipped.into_iter().chain(validation.skipped()).chain(found));
        if shuffle == Shuffle::EachEpoch {
            run.add_notices(window.short_of_memory(rows.div_ceil(count), bytes.div_ceil(count)));
        }
        let idle = run.settings.idle_ranks();
        run.add_notices(idle);
        run.reference = reference;
        let feed = |shard: &ShardRows| Feed {
            source,
            fitted: fitted.clone(),
            weighting: Arc::clone(&weighting),
            seed,
            shuffle,
            window,
            shard: shard.clone(),
            shares: shares.clone(),
            first_batch: run.batch_number(),
        };
        let feeds: Vec<Feed<'_>> = shards.own.iter().map(feed).collect();
        std::thread::scope(|threads| {
            let streams = feeds.into_iter().map(|feed| {
                let (to, from) = sync_channel(batches_waiting(graph, batch_size));
                threads.spawn(move || feed.run(&to));
                Stream(from)
            });
            run.streams = Some(Streams { of_shards: streams.collect(), shares });
            // Dropping the run drops its streams, which ends the threads.
            run.all_epochs(&validation, callbacks)
        })
    }

    /// The number of shards of the run to resume.
    fn shards_of_run(&self) -> Result<Option<(PathBuf, usize)>> {
        let path = self.settings.resume.as_deref();
        Ok(path.map(checkpoint::shards_of_run).transpose()?.flatten())
    }
}

impl Setup<'_> {
    /// The fitted fields with which the rows are counted: of a run to resume its own, because they
    /// decide which rows it refused.
    fn kept_to_count<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
    ) -> Result<FittedFields> {
        let of_run = |path| checkpoint::fields_of_run(self.graph, path);
        let of_run = self.settings.resume.as_deref().map(of_run).transpose()?;
        let of_run = of_run.filter(|fields| !fields.is_empty());
        Ok(of_run.unwrap_or_else(|| self.kept(model, false)))
    }
}

/// The notice about rows that were left out; `None` if there were none.
pub(super) fn skipped_notice(skipped: &Skipped, of: &str) -> Option<Notice> {
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
