//! Training on the rows of a source, which need not fit into memory.

use std::sync::mpsc::sync_channel;

use super::{
    fingerprint::Fingerprint,
    mixer::Window,
    notices::{before_the_first_step, Census},
    rows::Rows,
    run::Run,
    stream::{batches_waiting, Feed, Stream},
    trainer::ValidationRows,
    untrained::reference_rows,
    validation::Validation,
    RowWeights, Shuffle, Trainer,
};
use crate::{
    data::{read_ahead, samples, Source, Table, Wanted},
    definition::{Definition, Graph, Network},
    history::History,
    kernel::{Backend, Element},
    model::Model,
    optim::Optimizer,
    preprocess::{Fitting, Preprocessing},
    Error, Result,
};

/// How many rows are looked at together while preprocessing is fitted.
const ROWS_AT_ONCE: usize = 256;

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Trains `model` on the rows of a source, a file for instance, as [`fit`](Trainer::fit) does on
    /// rows in memory. Memory does not grow with the source.
    ///
    /// First the preprocessing is fitted and the rows are counted: one pass over the source, and one
    /// more for each step that learns from what another one has learned. Then a thread of its own
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
    pub fn fit_from<E: Element, D: Backend<E>, S: Source<Row = M::Sample>>(
        mut self,
        model: &mut Model<M, E, D>,
        source: &S,
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        self.check_source(0)?;
        if self.settings.refit {
            model.preprocessing = None;
        }
        let Counted { fitted, rows, bytes, fingerprint, mut census, first_rows } =
            count::<M, S>(source, model.preprocessing.as_ref())?;
        census.add_vocabularies(&fitted);
        model.preprocessing = Some(fitted);
        let plan = self.check_source(rows)?;
        let saved = self.take_up(model, &plan, fingerprint)?;
        let fitted = model.preprocessing.clone().ok_or(Error::NoRows("train on"))?;
        let given = std::mem::replace(&mut self.validation, ValidationRows::None);
        let validation = Validation::new(given, &fitted, None, || Validation::None)?;

        let none = Rows::new(Table::of_samples(&M::GRAPH), &fitted, RowWeights::default())?;
        let coverage = model.coverage.as_ref();
        let found = before_the_first_step::<M>(&fitted, &census, coverage, || {
            validation.census(&census, &none, &fitted)
        })?;

        let Trainer { optimizer, settings, mut callbacks, progress, .. } = self;
        let (seed, shuffle) = (settings.seed, settings.shuffle);
        let window = Window { rows: settings.shuffle_window, bytes: settings.shuffle_memory };
        let batch_size = settings.batch_size;
        let mut run = Run::new(model, optimizer, settings, plan, (none, fingerprint))?;
        if let Some(saved) = saved {
            run.recall(&saved, &mut callbacks)?;
        }
        callbacks.push(Box::new(progress));
        run.add_notices(found);
        if shuffle == Shuffle::EachEpoch {
            run.add_notices(window.short_of_memory(rows, bytes));
        }
        run.reference = first_rows
            .map(|raw| Rows::new(fitted.classes(raw, 0)?, &fitted, RowWeights::default()))
            .transpose()?;
        let feed = Feed {
            source,
            fitted,
            sample_weights: &self.sample_weights,
            class_weights: &self.class_weights,
            seed,
            shuffle,
            window,
            batch_size,
            rows,
            first_batch: run.batch_number(),
        };
        std::thread::scope(|threads| {
            let (to, from) = sync_channel(batches_waiting(&M::GRAPH, batch_size));
            threads.spawn(move || feed.run(&to));
            run.stream = Some(Stream(from));
            // The run ends with its stream, and so does the thread.
            run.all_epochs(&validation, callbacks)
        })
    }
}

/// What the first passes tell of a source.
struct Counted {
    fitted: Preprocessing,
    rows: usize,
    /// What all rows would take in memory.
    bytes: usize,
    fingerprint: u32,
    census: Census,
    /// The first rows, where a vector that stands in for an absent input may need them.
    first_rows: Option<Table>,
}

/// Counts the rows and fits the preprocessing on them, where it is not fitted.
fn count<M: Definition, S: Source<Row = M::Sample>>(
    source: &S,
    fitted: Option<&Preprocessing>,
) -> Result<Counted> {
    let mut fitting = Fitting::new(&M::GRAPH);
    let (mut rows, mut bytes, mut sum) = (0, 0, Fingerprint::default());
    let mut census = Census::new(&M::GRAPH);
    let mut first_rows = learns_a_stand_in(&M::GRAPH).then(|| Table::of_samples(&M::GRAPH));
    let wanted = Wanted::samples::<M>(ROWS_AT_ONCE, false);
    let mut first = true;
    while first || fitted.is_none() && !fitting.is_done() {
        let start = || samples::<M, S>(source, &wanted, &[]);
        read_ahead(start, |pieces| -> Result<()> {
            for piece in pieces {
                let piece = piece?;
                if first {
                    sum.look(&piece.table);
                    let all: Vec<usize> = (0..piece.len()).collect();
                    census.add_raw(&piece.table, &all);
                    if let Some(first_rows) = &mut first_rows {
                        let most = reference_rows(&M::GRAPH);
                        let left = most.saturating_sub(rows).min(piece.len());
                        first_rows.append(&piece.table, 0..left);
                    }
                    rows += piece.len();
                    bytes += piece.bytes(0..piece.len());
                }
                if fitted.is_none() {
                    let all: Vec<usize> = (0..piece.len()).collect();
                    let looked = fitting.look(&piece.table, &all, 0);
                    looked.map_err(|error| piece.renumber(error))?;
                }
            }
            Ok(())
        })?;
        if rows == 0 {
            return Err(Error::NoRows("train on"));
        }
        fitting.end_pass();
        first = false;
    }
    let fitted = fitted.cloned().unwrap_or_else(|| fitting.finish());
    Ok(Counted { fitted, rows, bytes, fingerprint: sum.value(), census, first_rows })
}

/// Whether a vector stands in for an absent input.
fn learns_a_stand_in(graph: &Graph) -> bool {
    graph.nodes.iter().any(|node| node.stand_in > 0)
}
