//! Evaluation and prediction on the rows of a source, which may exceed memory.

use multi_input_base::Result;
use multi_input_data::{
    reading::{inputs, until_error, NumberedTable, RowFilter, ShardRows},
    Source,
};
use multi_input_kernel::Element;

use super::Model;
use crate::{
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
    /// # Errors
    /// As [`predict`](Model::predict), and those of the source. The iterator ends after an
    /// erroneous row, unless [`on_bad_row`](Source::on_bad_row) skips such rows.
    /// [`Error::Cluster`](crate::Error::Cluster) where tables are divided among ranks, because the
    /// others would wait for an iterator that is not advanced: [`predict`](Model::predict) takes some
    /// rows of the source at a time, on all ranks equally often.
    pub fn predict_from<'a, S: Source<Row = M::Inputs>>(
        &'a self,
        source: &'a S,
    ) -> Result<impl Iterator<Item = Result<M::Outputs>> + 'a> {
        D::core().check_whole(self.untyped(), "`Model::predict_from`")?;
        let fitted = self.untyped().fitted()?;
        let at_once = rows_at_once(&M::GRAPH);
        let checked = fitted.clone();
        let filter = RowFilter::of(source, move |table| checked.check_inputs(table));
        let predict = move |numbered: NumberedTable| -> Result<Vec<M::Outputs>> {
            let (raw, first) = numbered.with_first_row();
            let mut predicted = Vec::with_capacity(raw.rows);
            self.predict_table(&fitted, (Ok(&raw), first), &mut predicted)?;
            Ok(predicted)
        };
        let tables = inputs::<M>(source.rows()?, at_once, filter);
        let predicted = until_error(tables.map(move |numbered| numbered.and_then(&predict)));
        Ok(predicted.flat_map(|predicted| match predicted {
            Ok(outputs) => outputs.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }))
    }
}
