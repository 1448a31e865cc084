//! A built model: a module together with the preprocessing that was fitted for it.

mod coverage;
mod look_up;
mod streamed;
mod summary;

pub(crate) use coverage::{Bits, Coverage, Reached};
pub(crate) use look_up::{optional_input_of, outputs_of, tables, LookUp};
pub use summary::Summary;

use std::{borrow::Cow, path::Path};

use dfdx::{nn::BuildOnDevice, tensor::Cpu};

use crate::{
    callback::Snapshot,
    checkpoint,
    data::{rows_within, Batch, Labels, RowReader, Table},
    definition::{Graph, Link, Network, Output},
    history::{Evaluation, Phase},
    kernel::{Backend, Element},
    metric::{confusion::Confusion, ConfusionMatrix},
    parameters,
    preprocess::{push_inputs, Preprocessing},
    seed::{Seed, Stream},
    train::{
        encode, head_values, target_row, Objective, OutputOf, Penalties, RowWeights, Rows, Scores,
    },
    Error, Result,
};

/// How many rows are computed together where nobody trains: fewer where they are large, as those with
/// pictures may be. The last bits of what is computed depend on it, as [`Model::predict`] says.
fn rows_at_once(graph: &Graph) -> usize {
    const MOST_ROWS: usize = 256;
    const MOST_BYTES: usize = 32 << 20;
    rows_within(graph, MOST_BYTES).min(MOST_ROWS)
}

/// The model `M` with weights, on a dtype and a device.
pub struct Model<M: Network<E, D>, E: Element = f32, D: Backend<E> = Cpu> {
    pub(crate) module: <M as BuildOnDevice<D, E>>::Built,
    pub(crate) device: D,
    pub(crate) preprocessing: Option<Preprocessing>,
    /// What training has reached; `None` where that is not known.
    pub(crate) coverage: Option<Coverage>,
}

impl<M: Network<E, D>, E: Element, D: Backend<E>> Model<M, E, D> {
    /// A model with fresh weights, which depend on the seed only.
    ///
    /// # Panics
    /// For want of memory, as dfdx's own `build` does; [`try_build`](Model::try_build) does not.
    pub fn build(device: &D, seed: Seed) -> Model<M, E, D> {
        Model::try_build(device, seed).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A model with fresh weights, which depend on the seed only.
    ///
    /// # Errors
    /// [`Error::Device`] for want of memory.
    pub fn try_build(device: &D, seed: Seed) -> Result<Model<M, E, D>> {
        let seeded = device.seeded(seed.stream(Stream::Initialisation));
        let module = M::try_build_on_device(&seeded).map_err(Error::device)?;
        let coverage = Some(Coverage::default());
        Ok(Model { module, device: device.clone(), preprocessing: None, coverage })
    }

    /// The dfdx module.
    pub fn module(&self) -> &M::Built {
        &self.module
    }

    /// The dfdx module, to be changed. What is put into it by hand, pretrained vectors for instance, is
    /// not taken for untrained later: a trainer then leaves what no row of its own reaches as it is.
    pub fn module_mut(&mut self) -> &mut M::Built {
        self.coverage = None;
        &mut self.module
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// What was learned from the training rows about the raw values; `None` before training.
    pub fn preprocessing(&self) -> Option<&Preprocessing> {
        self.preprocessing.as_ref()
    }

    /// Predicts for every row, in order.
    ///
    /// Rows are computed 256 at a time. What is predicted for a row never depends on what the other
    /// rows hold, and the same rows give the same bits again. But the same row alone and among others
    /// may differ in its last bits: the order in which products are summed up goes by how many rows
    /// there are, as in Keras and PyTorch. The difference is that of rounding, for `f32` about a
    /// millionth of the largest number that is added up; compare predictions by a tolerance. (To
    /// compute a row alone as 256 rows are computed would cost many times as much.)
    ///
    /// # Errors
    /// [`Error::Unfitted`] where preprocessing needs fitting and was not, [`Error::Value`] for a
    /// row that the model cannot take.
    pub fn predict(&self, rows: &[M::Inputs]) -> Result<Vec<M::Outputs>> {
        let mut raw = Table::of_inputs(&M::GRAPH);
        for row in rows {
            push_inputs::<M>(&mut raw, row)?;
        }
        let fitted = self.fitted()?;
        let labels = fitted.labels();
        let all: Vec<usize> = (0..rows.len()).collect();
        let mut predicted = Vec::with_capacity(rows.len());
        for rows in all.chunks(rows_at_once(&M::GRAPH)) {
            let ready = fitted.encode(&raw, rows, 0)?;
            self.predict_ready(&Batch::new(&ready, &all[..rows.len()]), &labels, &mut predicted)?;
        }
        Ok(predicted)
    }

    /// Appends what is predicted for the rows of a batch.
    fn predict_ready(
        &self,
        batch: &Batch<'_>,
        labels: &[Labels],
        predicted: &mut Vec<M::Outputs>,
    ) -> Result<()> {
        let (values, count) = (self.predictions(batch)?, batch.len());
        let rows = (0..count).map(|row| RowReader::new(&values, labels, row, count));
        predicted.extend(rows.map(|mut row| M::read_outputs(&mut row)));
        Ok(())
    }

    /// Loss and metrics on `rows`, in inference. Of an output, those count that know its target; where
    /// none does its figures are NaN, and the total loss is that of the others.
    ///
    /// # Errors
    /// As [`predict`](Model::predict), and [`Error::NoRows`]; [`Error::NoTargets`] where no row knows a
    /// target.
    pub fn evaluate(&self, rows: &[M::Sample]) -> Result<Evaluation> {
        self.evaluate_table(encode::<M>(rows, "evaluate")?)
    }

    /// How often each class of an output was taken for each other, in the rows that know theirs.
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate), [`Error::Settings`] where the output's target is neither a
    /// class nor a flag, and [`Error::NoTargets`] where no row knows it.
    pub fn confusion_matrix<const OUTPUT: usize>(
        &self,
        output: OutputOf<M, OUTPUT>,
        rows: &[M::Sample],
    ) -> Result<ConfusionMatrix> {
        let found = M::GRAPH.outputs.get(OUTPUT).filter(|o| !o.target.is_numbers());
        let Some(found) = found else {
            let name = output.name();
            let mistake = format!("`{name}` is numbers, of which there is no confusion matrix");
            return Err(Error::Settings(vec![mistake]));
        };
        let rows = self.rows(encode::<M>(rows, "compare with")?)?;
        self.confusion(found, OUTPUT, &rows)?.ok_or(Error::NoTargets("compare with"))
    }

    /// The same for an output known by its place; `None` where no row knows its class.
    pub(crate) fn confusion(
        &self,
        output: &Output,
        place: usize,
        rows: &Rows,
    ) -> Result<Option<ConfusionMatrix>> {
        let mut confusion = Confusion::default();
        let all: Vec<usize> = (0..rows.len()).collect();
        let column = &rows.raw.columns[M::GRAPH.inputs.len() + place];
        for numbers in all.chunks(rows_at_once(&M::GRAPH)) {
            let predicted = &self.predictions(&rows.take(numbers).batch())?[place];
            for (prediction, &row) in predicted.chunks_exact(output.width.max(1)).zip(numbers) {
                let known = target_row(column, row).into_iter();
                known.for_each(|target| confusion.take(prediction, target, 1.0));
            }
        }
        let known = confusion.classes > 0;
        Ok(known.then(|| ConfusionMatrix::new(output.name, &confusion)))
    }

    /// Raw rows, as the module takes them.
    pub(crate) fn rows(&self, raw: Table) -> Result<Rows> {
        let fitted = self.fitted()?;
        Rows::new(fitted.classes(raw, 0)?, &fitted, RowWeights::default())
    }

    /// The same for raw rows in a table.
    pub(crate) fn evaluate_table(&self, raw: Table) -> Result<Evaluation> {
        self.evaluate_rows(&self.rows(raw)?)
    }

    /// The same for prepared rows.
    pub(crate) fn evaluate_rows(&self, rows: &Rows) -> Result<Evaluation> {
        let all: Vec<usize> = (0..rows.len()).collect();
        let scores = self.score(rows, &rows.weights, &all, rows_at_once(&M::GRAPH))?;
        scores.check_known("evaluate")?;
        Ok(Evaluation(scores.figures(Phase::Training)))
    }

    /// Losses and metrics on the rows of the given numbers.
    pub(crate) fn score(
        &self,
        rows: &Rows,
        weights: &RowWeights,
        numbers: &[usize],
        batch_size: usize,
    ) -> Result<Scores> {
        let mut scores = Scores::new(&M::GRAPH);
        self.add_scores(&mut scores, rows, weights, numbers, batch_size)?;
        Ok(scores)
    }

    /// Adds those on further rows.
    pub(crate) fn add_scores(
        &self,
        scores: &mut Scores,
        rows: &Rows,
        weights: &RowWeights,
        numbers: &[usize],
        batch_size: usize,
    ) -> Result<()> {
        let mut penalties = Penalties::in_evaluation();
        M::penalize(&self.module, &mut penalties).map_err(Error::device)?;
        for numbers in numbers.chunks(batch_size) {
            let chunk = rows.take_weighing(numbers, weights);
            let mut values = self.heads(&chunk.batch())?;
            let objective = Objective::new(&M::GRAPH, &values, &chunk);
            scores.losses(&objective, penalties.value(), chunk.len());
            link(&M::GRAPH, self.preprocessing.as_ref(), &mut values);
            scores.predictions(&values, &chunk);
        }
        Ok(())
    }

    /// What is predicted for the rows of a batch, output by output.
    pub(crate) fn predictions(&self, batch: &Batch<'_>) -> Result<Vec<Vec<f64>>> {
        let mut values = self.heads(batch)?;
        link(&M::GRAPH, self.preprocessing.as_ref(), &mut values);
        Ok(values)
    }

    /// The heads of some rows.
    pub(crate) fn heads(&self, batch: &Batch<'_>) -> Result<Vec<Vec<f64>>> {
        let heads = M::predict(&self.module, batch, &self.device).map_err(Error::device)?;
        head_values(&M::GRAPH, &heads, batch.len())
    }

    /// What makes of rows what the module takes.
    pub(crate) fn fitted(&self) -> Result<Cow<'_, Preprocessing>> {
        match &self.preprocessing {
            Some(fitted) => Ok(Cow::Borrowed(fitted)),
            None => Preprocessing::without_fitting(&M::GRAPH)
                .map(Cow::Owned)
                .map_err(|reason| Error::Unfitted { model: M::GRAPH.name, reason }),
        }
    }

    /// Writes weights, fitted preprocessing and the model's signature into one safetensors file.
    /// A file of that name is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        checkpoint::save(self, path.as_ref())
    }

    /// The model that was saved in a file.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read, [`Error::Checkpoint`] where it is damaged or holds
    /// another model.
    pub fn load(path: impl AsRef<Path>, device: &D) -> Result<Model<M, E, D>> {
        let mut model = Model::try_build(device, Seed(0))?;
        model.load_weights(path)?;
        Ok(model)
    }

    /// Takes over weights and preprocessing from a file. The model is as it was where that fails.
    ///
    /// # Errors
    /// As [`load`](Model::load).
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        checkpoint::load(self, path.as_ref())
    }

    /// A copy of all weights, those that are not trained included.
    ///
    /// # Errors
    /// The device's.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let all = parameters::read(&self.module)?;
        Ok(Snapshot(all.into_iter().map(|parameter| parameter.values).collect()))
    }

    /// Puts a copy back.
    ///
    /// # Errors
    /// The device's, and where the copy is of another model.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        parameters::write(&mut self.module, &snapshot.0)
    }

    /// How many numbers are trained.
    pub fn num_parameters(&self) -> usize {
        parameters::count::<E, D, M::Built>().0
    }

    /// The table of nodes, layers, shapes and parameter counts.
    pub fn summary(&self) -> Summary {
        Summary::of::<M, E, D>()
    }
}

impl<M: Network<E, D>, E: Element, D: Backend<E>> std::fmt::Debug for Model<M, E, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let preprocessing = &self.preprocessing;
        f.debug_struct(M::GRAPH.name).field("preprocessing", preprocessing).finish_non_exhaustive()
    }
}

/// Makes predictions in the user's unit of the heads.
pub(crate) fn link(graph: &Graph, fitted: Option<&Preprocessing>, heads: &mut [Vec<f64>]) {
    for (index, (output, values)) in graph.outputs.iter().zip(heads).enumerate() {
        match output.link {
            Link::Identity => {}
            Link::Sigmoid => values.iter_mut().for_each(|z| *z = 1.0 / (1.0 + (-*z).exp())),
            Link::Softmax => values.chunks_exact_mut(output.width.max(1)).for_each(softmax),
        }
        if let Some(fitted) = fitted {
            fitted.restore_unit(index, values);
        }
    }
}

fn softmax(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|z| *z = (*z - max).exp());
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|z| *z /= sum);
}
