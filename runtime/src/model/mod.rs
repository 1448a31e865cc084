//! A built model: a module together with the preprocessing that was fitted for it.

mod streamed;

use std::path::Path;

use dfdx::tensor::Cpu;
use multi_input_base::{Error, Result, Seed, Stream};
use multi_input_data::{
    preprocess::{push_inputs, Preprocessing},
    RowReader, Table,
};
use multi_input_kernel::Element;

pub use crate::untyped::{AnyModule, Summary, UntypedModel};
use crate::{
    compute::Compute,
    definition::{Network, OutputOf},
    history::Evaluation,
    metric::ConfusionMatrix,
    objective::encode,
    untyped::{Snapshot, Typed},
};

/// The model `M` with weights, on a dtype and a device.
pub struct Model<M: Network<E, D>, E: Element = f32, D: Compute<E> = Cpu> {
    inner: UntypedModel<E, D, Typed<M, E, D>>,
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
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
        let module = multi_input_nn::parameters::build(&seeded).map_err(Error::device)?;
        Ok(Model { inner: UntypedModel::new(Typed(module), device.clone()) })
    }

    /// The model as what is compiled once sees it.
    pub(crate) fn untyped(&self) -> &UntypedModel<E, D> {
        &self.inner
    }

    /// The same, to be changed.
    pub(crate) fn untyped_mut(&mut self) -> &mut UntypedModel<E, D> {
        &mut self.inner
    }

    /// The dfdx module.
    pub fn module(&self) -> &M::Built {
        &self.inner.module.0
    }

    /// The dfdx module, to be changed. What is put into it by hand, pretrained vectors for instance, is
    /// not taken for untrained later: a trainer then leaves what no row of its own reaches as it is.
    pub fn module_mut(&mut self) -> &mut M::Built {
        self.inner.coverage = None;
        &mut self.inner.module.0
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.inner.device
    }

    /// What was learned from the training rows about the raw values; `None` before training.
    pub fn preprocessing(&self) -> Option<&Preprocessing> {
        self.inner.preprocessing.as_ref()
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
        let mut predicted = Vec::with_capacity(rows.len());
        let fitted = self.untyped().fitted()?;
        self.predict_table(&fitted, (&raw, 0), &mut predicted)?;
        Ok(predicted)
    }

    /// Appends what is predicted for raw rows, of which the first has the number `first`.
    fn predict_table(
        &self,
        fitted: &Preprocessing,
        (raw, first): (&Table, usize),
        predicted: &mut Vec<M::Outputs>,
    ) -> Result<()> {
        D::core().predict(self.untyped(), fitted, (raw, first), &mut |values, labels, count| {
            let rows = (0..count).map(|row| RowReader::new(values, labels, row, count));
            predicted.extend(rows.map(|mut row| M::read_outputs(&mut row)));
        })
    }

    /// Loss and metrics on `rows`, in inference. Of an output, those count that know its target; where
    /// none does its figures are NaN, and the total loss is that of the others.
    ///
    /// # Errors
    /// As [`predict`](Model::predict), and [`Error::NoRows`]; [`Error::NoTargets`] where no row knows a
    /// target.
    pub fn evaluate(&self, rows: &[M::Sample]) -> Result<Evaluation> {
        D::core().evaluate(self.untyped(), encode::<M>(rows, "evaluate")?)
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
        if M::GRAPH.outputs.get(OUTPUT).is_none_or(|output| output.target.kind.is_numbers()) {
            let name = output.name();
            let mistake = format!("`{name}` is numbers, of which there is no confusion matrix");
            return Err(Error::Settings(vec![mistake]));
        }
        let raw = encode::<M>(rows, "compare with")?;
        D::core().confusion(self.untyped(), OUTPUT, raw)?.ok_or(Error::NoTargets("compare with"))
    }

    /// Writes weights, fitted preprocessing and the model's signature into one safetensors file.
    /// A file of that name is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        D::core().save(self.untyped(), path.as_ref())
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
        D::core().load(self.untyped_mut(), path.as_ref())
    }

    /// A copy of all weights, those that are not trained included.
    ///
    /// # Errors
    /// The device's.
    pub fn snapshot(&self) -> Result<Snapshot> {
        Ok(D::core().snapshot(self.untyped()))
    }

    /// Puts a copy back.
    ///
    /// # Errors
    /// The device's, and where the copy is of another model.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        D::core().restore(self.untyped_mut(), snapshot)
    }

    /// How many numbers are trained.
    pub fn num_parameters(&self) -> usize {
        multi_input_nn::parameters::count::<E, D, M::Built>().0
    }

    /// The table of nodes, layers, shapes and parameter counts.
    pub fn summary(&self) -> Summary {
        Summary::of::<M, E, D>()
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> std::fmt::Debug for Model<M, E, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let preprocessing = &self.inner.preprocessing;
        f.debug_struct(M::GRAPH.name).field("preprocessing", preprocessing).finish_non_exhaustive()
    }
}
