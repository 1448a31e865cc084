//! Figures and predictions for the rows of a source, which need not fit into memory.

use super::{rows_at_once, Model};
use crate::{
    data::{cut, inputs, read_ahead, samples, until_error, Batch, Piece, Source, Table, Wanted},
    definition::Network,
    history::{Evaluation, Phase},
    kernel::{Backend, Element},
    train::{RowWeights, Rows, Scores},
    Error, Result,
};

impl<M: Network<E, D>, E: Element, D: Backend<E>> Model<M, E, D> {
    /// Loss and metrics on the rows of a source, a file for instance, with the bits of
    /// [`evaluate`](Model::evaluate) on the same rows. A few hundred rows are in memory at a time, fewer where they
    /// are large; of a picture what the first step makes of it, where that is smaller.
    /// `keras.Model.evaluate` of a `tf.data.Dataset`.
    ///
    /// ```no_run
    /// # use multi_input::{data::{Csv, Source}, prelude::*};
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input(standardize)]
    /// #     rooms: f32,
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// let model = Model::<House>::load("house.safetensors", &Cpu::default())?;
    /// println!("{}", model.evaluate_from(&Csv::new("houses.csv"))?);
    /// for predicted in model.predict_from(&Csv::new("new_houses.csv"))? {
    ///     println!("{}", predicted?.price);
    /// }
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate), and those of the source.
    pub fn evaluate_from<S: Source<Row = M::Sample>>(&self, source: &S) -> Result<Evaluation> {
        let at_once = rows_at_once(&M::GRAPH);
        let wanted = Wanted::samples::<M>(at_once, false);
        let scores = read_ahead(
            || samples::<M, S>(source, &wanted, &[]),
            |pieces| {
                let tables = cut(pieces, at_once).map(|piece| piece.map(Piece::numbered));
                self.score_tables(tables, at_once, "evaluate")
            },
        )?;
        Ok(Evaluation(scores.figures(Phase::Training)))
    }

    /// Predicts for the rows of a source, in order, with the bits of [`predict`](Model::predict) for
    /// the same rows. Rows are read as predictions are taken, a few hundred at a time.
    /// `keras.Model.predict` of a `tf.data.Dataset`.
    ///
    /// # Errors
    /// As [`predict`](Model::predict), and those of the source. Nothing follows a row that is an
    /// error; [`on_bad_row`](Source::on_bad_row) leaves such rows out.
    pub fn predict_from<'a, S: Source<Row = M::Inputs>>(
        &'a self,
        source: &'a S,
    ) -> Result<impl Iterator<Item = Result<M::Outputs>> + 'a> {
        let fitted = self.fitted()?;
        let labels = fitted.labels();
        let at_once = rows_at_once(&M::GRAPH);
        let all: Vec<usize> = (0..at_once).collect();
        let predict = move |(raw, first): (Table, usize)| -> Result<Vec<M::Outputs>> {
            let rows = &all[..raw.rows];
            let ready = fitted.encode(&raw, rows, first)?;
            let mut predicted = Vec::with_capacity(raw.rows);
            self.predict_ready(&Batch::new(&ready, rows), &labels, &mut predicted)?;
            Ok(predicted)
        };
        let tables = inputs::<M>(source.rows()?, at_once);
        let predicted = until_error(tables.map(move |table| table.and_then(&predict)));
        Ok(predicted.flat_map(|predicted| match predicted {
            Ok(outputs) => outputs.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }))
    }

    /// Losses and metrics on tables of raw rows, each with the number of its first row.
    pub(crate) fn score_tables(
        &self,
        tables: impl Iterator<Item = Result<(Table, usize)>>,
        batch_size: usize,
        purpose: &'static str,
    ) -> Result<Scores> {
        let fitted = self.fitted()?;
        let mut scores = Scores::new(&M::GRAPH);
        let mut none = true;
        for table in tables {
            let (raw, first) = table?;
            let raw = fitted.classes(raw, first)?;
            let rows = Rows::numbered(raw, &fitted, RowWeights::default(), (first, None))?;
            let all: Vec<usize> = (0..rows.len()).collect();
            self.add_scores(&mut scores, &rows, &rows.weights, &all, batch_size)?;
            none = false;
        }
        match none {
            true => Err(Error::NoRows(purpose)),
            false => Ok(scores),
        }
    }
}
