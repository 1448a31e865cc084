//! Training on the rows of a source, which need not fit into memory.

use std::sync::mpsc::sync_channel;

use multi_input_base::{Notice, NoticeKind, Result};
use multi_input_data::{SkipRefused, Source, Table};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::optim::Optimizer;

use super::{
    counting::Counted,
    mixer::Window,
    notices::{before_the_first_step, Before},
    rows::Rows,
    run::Run,
    same_run::{RowsFrom, TrainingRows},
    setup::Setup,
    stream::{batches_waiting, Feed, RowsOfSource, Stream, WeighedSamples},
    trainer::ValidationRows,
    validation::Validation,
    RowWeights, Shuffle, Trainer,
};
use crate::{
    compute::Compute,
    definition::{Definition, Network},
    history::History,
    model::{Model, UntypedModel},
};

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Trains `model` on the rows of a source, a file for instance, as [`fit`](Trainer::fit) does on
    /// rows in memory. Memory does not grow with the source.
    ///
    /// First the preprocessing is fitted, and rows and their weights are counted: one pass over the
    /// source, one more for each step that learns from what another one has learned, and one more
    /// where a label's class has the weight 0. Where rows that the model refuses are
    /// [left out](Source::on_bad_row), another pass counts the rows that are left; and if it, or a
    /// step, refuses a row that others have learned from, all of these passes are made once more
    /// without that row. What is refused then is left out, though steps have learned from it. A
    /// source to validate with is read and preprocessed once. Then a thread of its own
    /// reads, mixes and preprocesses the rows, pass after pass, while the model trains; a few batches
    /// wait at most. Rows are mixed within a window, see
    /// [`shuffle_window`](Trainer::shuffle_window). The same seed gives the same bits.
    ///
    /// Rows to validate with are handed over with [`validation_data`](Trainer::validation_data), or
    /// stream too, with [`validation_source`](Trainer::validation_source).
    ///
    /// ```no_run
    /// use multi_input::{data::{Csv, Source}, prelude::*};
    ///
    /// #[multi_input_model]
    /// struct House {
    ///     #[input(standardize)]
    ///     rooms: f32,
    ///     #[from(rooms)]
    ///     #[branch(Dense(1))]
    ///     #[output(loss = mse)]
    ///     price: f32,
    /// }
    ///
    /// let houses = Csv::new("houses.csv");
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// Trainer::new(Adam::new(1e-3))
    ///     .validation_source(Csv::new("houses.csv").into_part(0.9..1.0, Seed(7)))
    ///     .fit_from(&mut model, &houses.part(0.0..0.9, Seed(7)))?;
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Trainer::fit), and those of the source.
    pub fn fit_from<E: Element, D: Compute<E>, S: Source<Row = M::Sample>>(
        self,
        model: &mut Model<M, E, D>,
        source: &S,
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        let (setup, by_row) = self.setup(&[]);
        let rows = WeighedSamples::<M, S> { source, by_row: &by_row };
        D::core().fit_from(setup, model.untyped_mut(), &rows)
    }
}

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
