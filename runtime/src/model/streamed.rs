//! Evaluation and prediction on the rows of a source, which may exceed memory.

use multi_input_base::Result;
use multi_input_data::{
    reading::{inputs, NumberedTable, RowFilter, ShardRows},
    Source,
};
use multi_input_kernel::Element;

use super::{append_outputs, Model};
use crate::{
    cluster::Cluster,
    compute::Compute,
    definition::Network,
    history::Evaluation,
    objective::{sample_tables, RawTables},
    untyped::rows_at_once,
};

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    /// Loss and metrics on the rows of a source, such as a file, bit for bit equal to
    /// [`evaluate`](Model::evaluate) on the same rows. A few hundred rows are in memory at a time,
    /// fewer if they are large; a picture is stored as the output of its first preprocessing step
    /// if that is smaller. `keras.Model.evaluate` on a `tf.data.Dataset`.
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
    /// Where tables are divided among ranks all of them call it together, each on a source of its own.
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate), and those of the source. A row that cannot be read or that
    /// the model does not accept is an error, unless [`on_bad_row`](Source::on_bad_row) skips it.
    pub fn evaluate_from<S: Source<Row = M::Sample>>(&self, source: &S) -> Result<Evaluation> {
        M::GRAPH.check_loss("evaluate")?;
        let at_once = rows_at_once(&M::GRAPH);
        let fitted = self.untyped().fitted()?;
        let mut read = |take: &mut dyn FnMut(RawTables<'_>) -> Result<()>| {
            sample_tables::<M, S, _>(source, &fitted, (&ShardRows::ALL, at_once), take)
        };
        D::core().evaluate_tables(self.untyped(), &mut read, at_once)
    }

    /// Predicts the rows of a source, in order, bit for bit equal to [`predict`](Model::predict) on
    /// the same rows. Rows are read a few hundred at a time as the iterator advances.
    /// `keras.Model.predict` on a `tf.data.Dataset`.
    ///
    /// Where tables are divided among ranks all of them call it together, each on a source of its own,
    /// and read their rows in turn: a rank waits for the others every few hundred rows. One that has no
    /// rows left, or drops its iterator, gives the others what they look up until they are done. Iterators
    /// follow one after another: two at the same time come apart where ranks have other numbers of rows,
    /// which is an [`Error::Cluster`](crate::Error::Cluster).
    ///
    /// # Errors
    /// As [`predict`](Model::predict), and those of the source. The iterator ends after an
    /// erroneous row, unless [`on_bad_row`](Source::on_bad_row) skips such rows. Where tables are
    /// divided, the iterators of all ranks end then.
    pub fn predict_from<'a, S: Source<Row = M::Inputs>>(
        &'a self,
        source: &'a S,
    ) -> Result<impl Iterator<Item = Result<M::Outputs>> + 'a> {
        let fitted = self.untyped().fitted()?;
        let at_once = rows_at_once(&M::GRAPH);
        let checked = fitted.clone();
        let filter = RowFilter::of(source, move |table| checked.check_inputs(table));
        let (rows, failed) = match source.rows() {
            Ok(rows) => (Some(inputs::<M>(rows, at_once, filter)), None),
            // The other ranks hear of it where they wait for rows.
            Err(error) if self.untyped().divided.is_some() => (None, Some(Err(error))),
            Err(error) => return Err(error),
        };
        let tables = failed.into_iter().chain(rows.into_iter().flatten());
        let call = self.untyped().cluster().map_or(0, Cluster::next_call);
        let predict = move |table: Option<Result<NumberedTable>>| {
            let (table, failed) = match table {
                Some(Ok(table)) => (Some(table.with_first_row()), None),
                Some(Err(error)) => (None, Some(Err(error))),
                None => (None, None),
            };
            let rows = table.as_ref().map(|(raw, first)| Ok((raw, *first))).or(failed);
            let mut predicted = Vec::new();
            let goes_on = {
                let take = &mut append_outputs::<M>(&mut predicted);
                D::core().predict_in_turn(self.untyped(), &fitted, (call, rows), take)
            };
            match goes_on {
                Ok(goes_on) => goes_on.then_some(Ok(predicted)),
                Err(error) => Some(Err(error)),
            }
        };
        let predicted = InTurn { tables, predict, ended: false };
        Ok(predicted.flat_map(|predicted| match predicted {
            Ok(outputs) => outputs.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }))
    }
}

/// The predictions of tables of rows, up to the first error.
///
/// `predict` is called by all ranks in turn where tables of the model are divided: with the next rows,
/// or without any where this rank has no more. It returns `None` when no rank has.
struct InTurn<T, F, P>
where
    T: Iterator<Item = Result<NumberedTable>>,
    F: FnMut(Option<Result<NumberedTable>>) -> Option<Result<P>>,
{
    tables: T,
    predict: F,
    ended: bool,
}

impl<T, F, P> Iterator for InTurn<T, F, P>
where
    T: Iterator<Item = Result<NumberedTable>>,
    F: FnMut(Option<Result<NumberedTable>>) -> Option<Result<P>>,
{
    type Item = Result<P>;

    fn next(&mut self) -> Option<Result<P>> {
        if self.ended {
            return None;
        }
        let predicted = (self.predict)(self.tables.next());
        self.ended = !matches!(predicted, Some(Ok(_)));
        predicted
    }
}

/// The other ranks may still have rows. A panic they hear of when this rank leaves the cluster.
impl<T, F, P> Drop for InTurn<T, F, P>
where
    T: Iterator<Item = Result<NumberedTable>>,
    F: FnMut(Option<Result<NumberedTable>>) -> Option<Result<P>>,
{
    fn drop(&mut self) {
        if !self.ended && !std::thread::panicking() {
            while let Some(Ok(_)) = (self.predict)(None) {}
        }
    }
}
