//! Training on the rows of a source, which need not fit into memory.

use std::sync::mpsc::sync_channel;

use super::{
    fingerprint::Fingerprint,
    notices::{before_the_first_step, Census},
    row_weights::Weighing,
    rows::Rows,
    run::Run,
    stream::{weigh, Feed, Stream, WAITING},
    trainer::ValidationRows,
    untrained::REFERENCE_ROWS,
    validation::Validation,
    RowWeights, Trainer,
};
use crate::{
    data::{read_ahead, samples, Ask, Source, Table, Wanted},
    definition::{Definition, Graph, Network},
    history::History,
    kernel::{Backend, Element},
    model::Model,
    optim::Optimizer,
    preprocess::Preprocessing,
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
        let Counted { fitted, rows, fingerprint, mut census, first_rows } =
            count::<M, S>(source, &self.weighing(), model.preprocessing.as_ref())?;
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
        let weighing = Weighing { by_row: &self.sample_weights, by_class: &self.class_weights };
        let (seed, shuffle) = (settings.seed, settings.shuffle);
        let (window, batch_size) = (settings.shuffle_window, settings.batch_size);
        let mut run = Run::new(model, optimizer, settings, plan, (none, fingerprint))?;
        if let Some(saved) = saved {
            run.recall(&saved, &mut callbacks)?;
        }
        callbacks.push(Box::new(progress));
        run.add_notices(found);
        run.reference = first_rows
            .map(|raw| {
                // Whatever labels they have: they are not compared with anything.
                let raw = fitted.classes_where(raw, &|_, _| false, 0)?;
                Rows::new(raw, &fitted, RowWeights::default())
            })
            .transpose()?;
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
            let (to, from) = sync_channel(WAITING);
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
    fingerprint: u32,
    census: Census,
    /// The first rows, where a vector that stands in for an absent input may need them.
    first_rows: Option<Table>,
}

/// Counts the rows and fits the preprocessing on those that count, where it is not fitted.
fn count<M: Definition, S: Source<Row = M::Sample>>(
    source: &S,
    weighing: &Weighing<'_, M>,
    fitted: Option<&Preprocessing>,
) -> Result<Counted> {
    let mut fitting = weighing.fitting();
    let (mut rows, mut sum) = (0, Fingerprint::default());
    let mut census = Census::new(&M::GRAPH);
    let mut first_rows = learns_a_stand_in(&M::GRAPH).then(|| Table::of_samples(&M::GRAPH));
    let wanted = Wanted::samples::<M>(ROWS_AT_ONCE, !weighing.by_row.is_empty());
    let asks: Vec<_> = weighing.by_row.iter().map(weigh).collect();
    let asks: Vec<Ask<'_, M::Sample>> = asks.iter().map(|ask| ask as Ask<'_, _>).collect();
    let mut first = true;
    while first || fitted.is_none() && !fitting.is_done() {
        let start = || samples::<M, S>(source, &wanted, &asks);
        read_ahead(start, |pieces| -> Result<()> {
            for piece in pieces {
                let piece = piece?;
                let by_row = weighing.of_answers(piece.answers.iter().cloned());
                let weights = weighing.while_fitting(by_row, &piece.table, &fitting);
                let counts = |output: usize, row: usize| weights.counts(output, row);
                let all: Vec<usize> = (0..piece.len()).collect();
                if first {
                    sum.look(&piece.table);
                    census.add_raw(&piece.table, &all, &counts);
                    if let Some(first_rows) = &mut first_rows {
                        let left = REFERENCE_ROWS.saturating_sub(rows).min(piece.len());
                        first_rows.append(&piece.table, 0..left);
                    }
                    rows += piece.len();
                }
                if fitted.is_none() {
                    let looked = fitting.look(&piece.table, &all, &counts, 0);
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
    census.check_known("train on")?;
    let fitted = fitted.cloned().unwrap_or_else(|| fitting.finish());
    Ok(Counted { fitted, rows, fingerprint: sum.value(), census, first_rows })
}

/// Whether a vector stands in for an absent input.
fn learns_a_stand_in(graph: &Graph) -> bool {
    graph.nodes.iter().any(|node| node.stand_in > 0)
}
