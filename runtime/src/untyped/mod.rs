//! A model without the type of its module: prediction and evaluation.

mod composed;
mod coverage;
mod divided;
mod look_up;
mod module;
pub(crate) mod parameters;
mod row_sums;
mod summary;
pub(crate) mod transfer;

use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData};

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{FittedFields, Preprocessing},
    reading::rows_within,
    Labels, Table,
};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{loss::TargetRow, Penalties};

pub(crate) use self::{
    composed::Composer,
    coverage::{Bits, Coverage, News, Reached},
    divided::{share_of, Divided, DividedTable},
    look_up::{optional_input_of, outputs_of, tables, LookUp},
    module::Typed,
    parameters::node_of_tensor,
};
pub use self::{
    module::{AnyDifferentiable, AnyModule},
    summary::Summary,
};
use crate::{
    checksum::Crc32c,
    data::Batch,
    definition::{Graph, Head, Output},
    history::{Evaluation, Phase},
    metric::{confusion::Confusion, ConfusionMatrix},
    objective::{
        head_values, points, predictions, target_row, value_heads, Objective, RawTables,
        RowWeights, Rows, Scores,
    },
    uncertainty::{observed_row, Observed, Saved},
};

/// The number of rows per forward pass in inference, fewer if rows are large (pictures). The last
/// bits of the results depend on it, as [`Model::predict`](crate::Model::predict) documents.
pub(crate) fn rows_at_once(graph: &Graph) -> usize {
    const MOST_ROWS: usize = 256;
    const MOST_BYTES: usize = 32 << 20;
    rows_within(graph, MOST_BYTES).min(MOST_ROWS)
}

/// The checksums of divided tables with the rows of all ranks, by the names of their tensors.
pub(crate) type WholeTables = BTreeMap<String, Crc32c>;

/// Adds the elements of a tensor to the checksum of all weights, which is one of double precision.
pub(crate) fn add_elements<E: Element>(sum: &mut Crc32c, elements: &[E]) {
    elements.iter().for_each(|element| sum.update(&element.as_f64().to_le_bytes()));
}

/// A copy of a model's weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(pub(crate) Vec<Vec<f64>>);

impl Snapshot {
    /// The elements of every tensor, in the order in which dfdx visits them.
    pub fn tensors(&self) -> &[Vec<f64>] {
        &self.0
    }
}

/// A module with its fitted preprocessing, independent of the type of the module.
pub struct UntypedModel<E: Element, D: Backend<E>, N: ?Sized = dyn AnyModule<E, D>> {
    pub(crate) device: D,
    pub(crate) preprocessing: Option<Preprocessing>,
    /// The fields that were taken with their fitted preprocessing, as long as no run has fitted the
    /// rest.
    pub(crate) taken: FittedFields,
    /// Whether the weights are the initial ones, so that no branch knows the scale of its inputs.
    pub(crate) initial: bool,
    /// The coverage of training; `None` if unknown.
    pub(crate) coverage: Option<Coverage>,
    /// Intervals and calibrations, which belong to the weights.
    pub(crate) uncertainty: Saved,
    /// The tables whose rows are divided among ranks.
    pub(crate) divided: Option<Divided>,
    dtype: PhantomData<E>,
    pub(crate) module: N,
}

impl<E: Element, D: Backend<E>, N> UntypedModel<E, D, N> {
    /// An untrained model.
    pub(crate) fn new(module: N, device: D) -> Self {
        let coverage = Some(Coverage::default());
        UntypedModel {
            device,
            preprocessing: None,
            taken: FittedFields::default(),
            initial: true,
            coverage,
            uncertainty: Saved::default(),
            divided: None,
            dtype: PhantomData,
            module,
        }
    }
}

/// Takes the predictions of a number of rows: the values of every output, and its labels.
pub(crate) type TakePredictions<'a> = dyn FnMut(&[Vec<f64>], &[Labels], usize) + 'a;

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Nodes, layers and shapes.
    pub(crate) fn graph(&self) -> &'static Graph {
        self.module.graph()
    }

    /// Predicts raw rows in chunks; `first` is the number of the first row.
    pub(crate) fn predict(
        &self,
        fitted: &Preprocessing,
        (raw, first): (&Table, usize),
        take: &mut TakePredictions<'_>,
    ) -> Result<()> {
        let labels = fitted.labels();
        let all: Vec<usize> = (0..raw.rows).collect();
        for rows in all.chunks(rows_at_once(self.graph())) {
            let ready = fitted.encode(raw, rows, first)?;
            let values = self.predictions_with_values(&Batch::new(&ready, &all[..rows.len()]))?;
            take(&values, &labels, rows.len());
        }
        Ok(())
    }

    /// The confusion matrices of an output on raw rows; empty if no row has a known class.
    pub(crate) fn confusion_of(&self, index: usize, raw: Table) -> Result<Vec<ConfusionMatrix>> {
        self.confusion(&self.graph().outputs[index], index, &self.rows(raw)?)
    }

    /// The predictions and known targets of every output on encoded rows.
    pub(crate) fn observed(&self, rows: &Rows) -> Result<Vec<Observed>> {
        let graph = self.graph();
        let targets = &rows.raw.columns[graph.inputs.len()..];
        let mut observed: Vec<Observed> = graph.outputs.iter().map(Observed::new).collect();
        let all: Vec<usize> = (0..rows.len()).collect();
        for numbers in all.chunks(rows_at_once(graph)) {
            let predicted = self.predictions(&rows.take(numbers).batch())?;
            for ((own, column), predicted) in observed.iter_mut().zip(targets).zip(&predicted) {
                let width = predicted.len() / numbers.len();
                for (prediction, &row) in predicted.chunks_exact(width.max(1)).zip(numbers) {
                    if let Some(target) = target_row(column, row) {
                        observed_row(own, prediction, target);
                    }
                }
            }
        }
        Ok(observed)
    }

    /// The checksum of all weights and of the steps that give them their inputs, without divided
    /// tables.
    pub(crate) fn weights_checksum(&self) -> u32 {
        self.weights_checksum_where(|steps| steps.into())
    }

    /// As [`weights_checksum`](Self::weights_checksum), where `written` says how the fitted steps are
    /// written in JSON.
    pub(crate) fn weights_checksum_where(&self, written: impl Fn(&str) -> Cow<'_, str>) -> u32 {
        self.whole_checksum(&WholeTables::new(), written)
    }

    /// As [`weights_checksum_where`](Self::weights_checksum_where), with divided tables as a whole.
    pub(crate) fn whole_checksum(
        &self,
        tables: &WholeTables,
        written: impl Fn(&str) -> Cow<'_, str>,
    ) -> u32 {
        let mut sum = Crc32c::default();
        self.module.visit(&mut |own, elements| match tables.get(&own.name) {
            Some(table) => sum.append(table),
            None if self.is_divided(&own.name) => {}
            None => add_elements(&mut sum, elements),
        });
        if let Some(fitted) = &self.preprocessing {
            sum.update(written(&fitted.steps_in_json().unwrap_or_default()).as_bytes());
        }
        sum.value()
    }

    /// A copy of all weights.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let all = parameters::read(&self.module);
        Snapshot(all.into_iter().map(|parameter| parameter.values).collect())
    }

    /// Restores a copy. What was fitted on the weights before is dropped.
    pub(crate) fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.uncertainty = Saved::default();
        parameters::write(&mut self.module, &snapshot.0)?;
        self.initial = false;
        Ok(())
    }

    /// The fields whose preprocessing is fitted.
    pub(crate) fn fitted_fields(&self) -> FittedFields {
        match &self.preprocessing {
            Some(fitted) => fitted.fields(),
            None => self.taken.clone(),
        }
    }

    /// The confusion matrices of an output on encoded rows: one for each of several labels, and one
    /// for other outputs; empty if no row has a known class.
    pub(crate) fn confusion(
        &self,
        output: &Output,
        index: usize,
        rows: &Rows,
    ) -> Result<Vec<ConfusionMatrix>> {
        let labels = output.label_count();
        let mut confusions = vec![Confusion::default(); labels.max(1)];
        let all: Vec<usize> = (0..rows.len()).collect();
        let column = &rows.raw.columns[self.graph().inputs.len() + index];
        for numbers in all.chunks(rows_at_once(self.graph())) {
            let predicted = &self.predictions(&rows.take(numbers).batch())?[index];
            let predicted = points(output, predicted);
            for (prediction, &row) in predicted.chunks_exact(output.width.max(1)).zip(numbers) {
                let Some(target) = target_row(column, row) else { continue };
                match (labels, &mut confusions[..]) {
                    (0, [confusion]) => confusion.take(prediction, target, 1.0),
                    (_, confusions) => {
                        for (label, confusion) in confusions.iter_mut().enumerate() {
                            let flag = [target.at(label)];
                            confusion.take(
                                &prediction[label..=label],
                                TargetRow::Doubles(&flag),
                                1.0,
                            );
                        }
                    }
                }
            }
        }
        let labels_of = |fitted: &Preprocessing| fitted.labels_of(output.name).cloned();
        let names = self.preprocessing.as_ref().and_then(labels_of).unwrap_or_default();
        let names = names.names();
        let known = confusions.iter().enumerate().filter(|(_, confusion)| confusion.classes > 0);
        let matrices = known.map(|(index, confusion)| {
            let label = (labels > 0).then_some(index);
            ConfusionMatrix::new(output.target, label, names, confusion)
        });
        Ok(matrices.collect())
    }

    /// Encodes raw rows.
    pub(crate) fn rows(&self, raw: Table) -> Result<Rows> {
        let fitted = self.fitted()?;
        Rows::new(fitted.classes(raw, 0)?, &fitted, RowWeights::default())
    }

    /// Losses and metrics on a table of raw rows.
    pub(crate) fn evaluate_table(&self, raw: Table) -> Result<Evaluation> {
        self.evaluate_rows(&self.rows(raw)?)
    }

    /// Losses and metrics on encoded rows.
    pub(crate) fn evaluate_rows(&self, rows: &Rows) -> Result<Evaluation> {
        let all: Vec<usize> = (0..rows.len()).collect();
        let scores = self.score(rows, &rows.weights, &all, rows_at_once(self.graph()))?;
        scores.check_known("evaluate")?;
        Ok(Evaluation(scores.figures(Phase::Training)))
    }

    /// Losses and metrics on the rows with the given numbers.
    pub(crate) fn score(
        &self,
        rows: &Rows,
        weights: &RowWeights,
        numbers: &[usize],
        batch_size: usize,
    ) -> Result<Scores> {
        let mut scores = Scores::new(self.graph(), self.preprocessing.as_ref())?;
        self.add_scores(&mut scores, rows, weights, numbers, batch_size)?;
        Ok(scores)
    }

    /// Adds losses and metrics of further rows to `scores`.
    pub(crate) fn add_scores(
        &self,
        scores: &mut Scores,
        rows: &Rows,
        weights: &RowWeights,
        numbers: &[usize],
        batch_size: usize,
    ) -> Result<()> {
        let mut penalties = Penalties::default();
        self.module.penalize(&mut penalties).map_err(Error::device)?;
        for numbers in numbers.chunks(batch_size) {
            let batch_rows = rows.take_weighted(numbers, weights);
            let heads = self.heads(&batch_rows.batch())?;
            let objective = Objective::new(self.graph(), &heads, &batch_rows);
            let penalties = penalties.value() * batch_rows.len() as f64;
            scores.losses(&objective, penalties, batch_rows.len());
            let predicted = predictions(self.graph(), self.preprocessing.as_ref(), heads);
            scores.predictions(&predicted, &batch_rows);
        }
        Ok(())
    }

    /// The predictions for a batch, by output with a loss.
    pub(crate) fn predictions(&self, batch: &Batch<'_>) -> Result<Vec<Vec<f64>>> {
        let heads = self.heads(batch)?;
        Ok(predictions(self.graph(), self.preprocessing.as_ref(), heads))
    }

    /// The predictions for a batch, by output, and then the values of the outputs without a loss.
    fn predictions_with_values(&self, batch: &Batch<'_>) -> Result<Vec<Vec<f64>>> {
        let graph = self.graph();
        let mut heads = self.all_heads(batch)?;
        let values = heads.split_off(heads.len().min(graph.heads_of_losses()));
        let heads = head_values(graph, &heads, batch.len())?;
        let mut predicted = predictions(graph, self.preprocessing.as_ref(), heads);
        predicted.extend(value_heads(graph, &values, batch.len())?);
        Ok(predicted)
    }

    /// The heads for a batch, by output with a loss.
    pub(crate) fn heads(&self, batch: &Batch<'_>) -> Result<Vec<Vec<f64>>> {
        let mut heads = self.all_heads(batch)?;
        heads.truncate(self.graph().heads_of_losses());
        head_values(self.graph(), &heads, batch.len())
    }

    /// The heads for a batch, those of outputs without a loss included.
    fn all_heads(&self, batch: &Batch<'_>) -> Result<Vec<Head<E, D>>> {
        self.with_fetched(batch, || self.module.predict(batch, &self.device).map_err(Error::device))
    }

    /// The preprocessing of the model.
    ///
    /// # Errors
    /// [`Error::Unfitted`] if it needs fitting and is not fitted.
    pub(crate) fn fitted(&self) -> Result<Cow<'_, Preprocessing>> {
        match &self.preprocessing {
            Some(fitted) => Ok(Cow::Borrowed(fitted)),
            None => Preprocessing::without_fitting(self.graph())
                .map(Cow::Owned)
                .map_err(|reason| Error::Unfitted { model: self.graph().name, reason }),
        }
    }

    /// Losses and metrics on tables of raw rows, each with the number of its first row.
    pub(crate) fn score_tables(
        &self,
        tables: RawTables<'_>,
        batch_size: usize,
        purpose: &'static str,
    ) -> Result<Scores> {
        let mut scores = Scores::new(self.graph(), Some(&*self.fitted()?))?;
        if !self.add_table_scores(&mut scores, tables, batch_size)? {
            return Err(Error::NoRows(purpose));
        }
        scores.check_known(purpose)?;
        Ok(scores)
    }

    /// Adds losses and metrics of the rows of tables to `scores`, and returns whether there are any.
    pub(crate) fn add_table_scores(
        &self,
        scores: &mut Scores,
        tables: RawTables<'_>,
        batch_size: usize,
    ) -> Result<bool> {
        let (fitted, mut some) = (self.fitted()?, false);
        for table in tables {
            let (raw, first) = table?;
            let raw = fitted.classes(raw, first)?;
            let rows = Rows::numbered(raw, &fitted, RowWeights::default(), (first, None))?;
            let all: Vec<usize> = (0..rows.len()).collect();
            self.add_scores(scores, &rows, &rows.weights, &all, batch_size)?;
            some = true;
        }
        Ok(some)
    }
}
