//! A built model: a module with its fitted preprocessing.

mod attribution;
mod baselines;
mod build;
mod by_hand;
mod load;
mod partial_dependence;
mod slices;
mod streamed;
mod transfer;
mod uncertainty;
mod unknown;

use std::path::Path;

use dfdx::tensor::Cpu;
use multi_input_base::{Error, Result, Seed};
use multi_input_data::{
    preprocess::{push_inputs, Preprocessing},
    Labels, RowReader, RowSlice, Table,
};
use multi_input_kernel::Element;

use self::build::Inner;
pub use self::{
    attribution::{IntegratedGradients, Shapley},
    baselines::Baselines,
    build::Build,
    by_hand::{BatchTargets, SampleBatch},
    load::WeightsSource,
    partial_dependence::{Dependence, InputOf},
    transfer::Base,
};
#[cfg(feature = "onnx")]
use crate::onnx::{Export, Exported};
pub use crate::untyped::{AnyDifferentiable, AnyModule, Summary, UntypedModel};
use crate::{
    checkpoint::Dtypes,
    cluster::Cluster,
    compute::Compute,
    definition::{ClassOutput, Network, Output, PartOf, RowTypes},
    description::Description,
    history::Evaluation,
    metric::ConfusionMatrix,
    objective::encode,
    uncertainty::Saved,
    untyped::{Snapshot, Typed},
};

#[cfg(feature = "keras")]
use crate::foreign::{ForeignWeights, SavedLayers};

/// The model `M` with weights, on a dtype and a device.
pub struct Model<M, E = f32, D = Cpu> {
    inner: Box<dyn Inner<M, E, D> + Send + Sync>,
}

impl<M, E, D> Model<M, E, D> {
    /// Builds a model with fresh weights, which depend on the seed only.
    ///
    /// # Panics
    /// If memory cannot be allocated, as dfdx's `build` does; [`try_build`](Model::try_build)
    /// returns an error.
    #[rustfmt::skip] // In one line, which rustc's message quotes.
    #[doc(alias("new", "compile"))]
    pub fn build(device: &D, seed: Seed) -> Self where Self: Build<Device = D> {
        Model::try_build(device, seed).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Builds a model with fresh weights, which depend on the seed only.
    ///
    /// # Errors
    /// [`Error::Device`] if memory cannot be allocated.
    #[rustfmt::skip]
    pub fn try_build(device: &D, seed: Seed) -> Result<Self> where Self: Build<Device = D> {
        Build::with_fresh_weights(device, seed, &Cluster::alone())
    }

    /// As [`try_build`](Model::try_build), on the ranks of a cluster: the rows of every table with `sharded`
    /// are divided among them. Each rank holds its rows alone, so that together they hold tables that no
    /// rank can. All other weights are on every rank. `torchrec.DistributedModelParallel` with
    /// `ShardingType.ROW_WISE`.
    ///
    /// The model trains [on](crate::train::Trainer::on) the same cluster. What it then looks up in a pass
    /// travels between the ranks, so all of them call [`predict`](Model::predict),
    /// [`evaluate`](Model::evaluate) and [`save`](Model::save) together, each with rows of its own. Functions that need all rows in one place,
    /// such as explanations and exports, return an error; they take the saved file in a program with
    /// one rank. On one rank the model is that of [`try_build`](Model::try_build), with the same bits.
    ///
    /// ```
    /// use multi_input::{cluster::Cluster, prelude::*};
    ///
    /// #[multi_input_model]
    /// struct Rating {
    ///     #[input]
    ///     #[branch(Embedding(1_000, 8, sharded))]
    ///     item: u32,
    ///     #[from(item)]
    ///     #[branch(Dense(1))]
    ///     #[output(loss = mse)]
    ///     stars: f32,
    /// }
    ///
    /// # fn main() -> multi_input::Result<()> {
    /// // `Cluster::mpi()?`, started by `mpirun -n 4 target/release/train`.
    /// let world = Cluster::alone();
    /// let rows: Vec<RatingSample> =
    ///     (0..64u8).map(|n| RatingSample { item: n.into(), stars: f32::from(n % 5) }).collect();
    /// let mut model = Model::<Rating>::build_on(&world, &Cpu::default(), Seed(7))?;
    /// Trainer::new(Adam::new(1e-2)).epochs(5).on(&world).fit(&mut model, &rows)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Settings`] for a table that cannot be divided among the ranks, and those of
    /// [`try_build`](Model::try_build).
    #[rustfmt::skip]
    pub fn build_on(world: &Cluster, device: &D, seed: Seed) -> Result<Self> where Self: Build<Device = D> {
        Build::with_fresh_weights(device, seed, world)
    }

    /// Loads a saved model on the ranks of a cluster, as [`build_on`](Model::build_on) builds one. Every
    /// rank reads the file in pieces, and keeps its rows of the `sharded` tables. The file may be of any
    /// number of ranks.
    ///
    /// # Errors
    /// As [`load`](Model::load) and [`build_on`](Model::build_on). With `sharded` tables all ranks get
    /// an error where one of them does ([`Error::Rank`]), or where they read different files
    /// ([`Error::Cluster`]).
    #[rustfmt::skip]
    pub fn load_on(world: &Cluster, path: impl AsRef<Path>, device: &D) -> Result<Self> where Self: Build<Device = D> {
        Build::of_file(path.as_ref(), device, Dtypes::Same, world)
    }

    /// Loads a saved model.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::Checkpoint`] if it is damaged or holds
    /// another model.
    #[rustfmt::skip]
    #[doc(alias("load_model", "from_pretrained", "from_file", "restore_from"))]
    pub fn load(path: impl AsRef<Path>, device: &D) -> Result<Self> where Self: Build<Device = D> {
        Build::of_file(path.as_ref(), device, Dtypes::Same, &Cluster::alone())
    }

    /// Loads a saved model whose numbers are of another dtype: `f64` as `f32`, which rounds them, or
    /// `f32` as `f64`, which is exact. A file of the model's own dtype is loaded as it is.
    ///
    /// ```
    /// # use multi_input::prelude::*;
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input]
    /// #     rooms: f32,
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # let path = std::env::temp_dir().join("load_converted.safetensors");
    /// let exact = Model::<House, f64>::build(&Cpu::default(), Seed(1));
    /// exact.save(&path)?;
    /// assert!(Model::<House, f32>::load(&path, &Cpu::default()).is_err());
    /// let small = Model::<House, f32>::load_converted(&path, &Cpu::default())?;
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`load`](Model::load), and if a number exceeds the range of the model's dtype.
    #[rustfmt::skip]
    pub fn load_converted(path: impl AsRef<Path>, device: &D) -> Result<Self> where Self: Build<Device = D> {
        Build::of_file(path.as_ref(), device, Dtypes::Converted, &Cluster::alone())
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    fn inner(&self) -> &UntypedModel<E, D, Typed<M, E, D>> {
        self.inner.typed()
    }

    fn inner_mut(&mut self) -> &mut UntypedModel<E, D, Typed<M, E, D>> {
        self.inner.typed_mut()
    }

    /// The model without the type of its module.
    pub(crate) fn untyped(&self) -> &UntypedModel<E, D> {
        self.inner()
    }

    /// The mutable model without the type of its module.
    pub(crate) fn untyped_mut(&mut self) -> &mut UntypedModel<E, D> {
        self.inner_mut()
    }

    /// The dfdx module. Of a model that was [built on](Model::build_on) several ranks a table with
    /// `sharded` has the rows r of this rank alone, r modulo the number of ranks being its number. A
    /// pass by hand then ends with the device's error, also where it looks up a row of this rank: only a
    /// [`Trainer`](crate::train::Trainer) and [`predict`](Model::predict) fetch rows from other ranks.
    pub fn module(&self) -> &M::Built {
        &self.inner().module.0
    }

    /// The dfdx module, mutable. Weights set by hand, such as pretrained vectors, are treated as
    /// trained: a trainer does not fill vectors that its own rows do not reach. Intervals and
    /// calibrations that the model keeps are dropped. On several ranks each sets its own rows of the
    /// tables with `sharded`, as in [`module`](Model::module), and all other weights alike.
    pub fn module_mut(&mut self) -> &mut M::Built {
        let inner = self.inner_mut();
        (inner.coverage, inner.initial) = (None, false);
        inner.uncertainty = Saved::default();
        &mut inner.module.0
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.inner().device
    }

    /// The fitted preprocessing; `None` before training.
    pub fn preprocessing(&self) -> Option<&Preprocessing> {
        self.inner().preprocessing.as_ref()
    }

    /// Predicts every row, in order. `keras.Model.predict`.
    ///
    /// Rows are computed 256 at a time. The prediction for a row does not depend on the contents of
    /// other rows, and equal calls give equal bits. A row computed alone and the same row among
    /// others may differ in the last bits, because the summation order of matrix products depends
    /// on the number of rows, as in Keras and PyTorch. The difference is rounding, for `f32` about
    /// a millionth of the largest summand; compare predictions with a tolerance. (Computing a
    /// single row like 256 rows would cost many times as much.)
    ///
    /// Where tables are divided among the ranks of a cluster ([`build_on`](Model::build_on)) all ranks
    /// call it together, each with rows of its own, of which there may be none. An error on one rank is
    /// an error on all of them, and ends their work together.
    ///
    /// # Errors
    /// [`Error::Unfitted`] if the preprocessing needs fitting and is not fitted, [`Error::Value`]
    /// for a row that the model does not accept.
    #[doc(alias("predict_proba", "forward", "call", "infer", "transform"))]
    pub fn predict(&self, rows: impl RowSlice<M::Inputs>) -> Result<Vec<M::Outputs>> {
        self.predict_rows(rows.rows())
    }

    fn predict_rows(&self, rows: &[M::Inputs]) -> Result<Vec<M::Outputs>> {
        let mut raw = Table::of_inputs(&M::GRAPH);
        let pushed = rows.iter().try_for_each(|row| push_inputs::<M>(&mut raw, row));
        let mut predicted = Vec::with_capacity(rows.len());
        let fitted = self.untyped().fitted()?;
        let rows = (pushed.map(|()| &raw), 0);
        D::core().predict(
            self.untyped(),
            &fitted,
            rows,
            &mut append_outputs::<M>(&mut predicted),
        )?;
        Ok(predicted)
    }

    /// Loss and metrics on `rows` in inference mode. For each output, only rows with a known target
    /// count. An output without known targets has NaN figures and does not contribute to the total
    /// loss. `keras.Model.evaluate`.
    ///
    /// Where tables are divided among ranks all of them call it together, as
    /// [`predict`](Model::predict), and the figures are those of the rank's own rows. A rank without
    /// rows, or without known targets, gets an error, and the others do not.
    ///
    /// # Errors
    /// As [`predict`](Model::predict), [`Error::NoLoss`] without an output that has a loss,
    /// [`Error::NoRows`] without rows, and [`Error::NoTargets`] without known targets.
    #[doc(alias("score", "test"))]
    pub fn evaluate(&self, rows: impl RowSlice<M::Sample>) -> Result<Evaluation> {
        D::core().evaluate(self.untyped(), encode::<M>(rows.rows(), "evaluate"))
    }

    /// The confusion matrix of an output on the rows with a known target.
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate), [`Error::Settings`] if the output has several labels, and
    /// [`Error::NoTargets`] without known targets.
    #[rustfmt::skip] // In one line, which rustc's message about another output quotes.
    #[doc(alias = "plot_confusion_matrix")]
    pub fn confusion_matrix(&self, output: impl ClassOutput<M>, rows: impl RowSlice<M::Sample>) -> Result<ConfusionMatrix> {
        let labels = M::GRAPH.outputs.get(output.index()).map_or(0, Output::label_count);
        if labels > 0 {
            let name = output.name();
            let mistake = format!(
                "`{name}` has {labels} labels: `confusion_matrices` gives a matrix for each"
            );
            return Err(Error::Settings(vec![mistake]));
        }
        let matrices = self.confusion_matrices(output, rows)?;
        matrices.into_iter().next().ok_or(Error::NoTargets("compare with"))
    }

    /// The confusion matrix of each label of an output `[bool; N]`, on the rows with a known
    /// target; for other outputs the one of
    /// [`confusion_matrix`](Model::confusion_matrix).
    ///
    /// # Errors
    /// As [`confusion_matrix`](Model::confusion_matrix).
    #[rustfmt::skip]
    pub fn confusion_matrices(&self, output: impl ClassOutput<M>, rows: impl RowSlice<M::Sample>) -> Result<Vec<ConfusionMatrix>> {
        let raw = encode::<M>(rows.rows(), "compare with");
        let matrices = D::core().confusion(self.untyped(), output.index(), raw)?;
        match matrices.is_empty() {
            true => Err(Error::NoTargets("compare with")),
            false => Ok(matrices),
        }
    }

    /// A part of the model as a model of its own, with copies of its weights, and its fitted
    /// preprocessing. It predicts with the same bits, is saved on its own, and does not change
    /// with this model. `keras.Model(inputs, model.get_layer("item_vector").output)`.
    ///
    /// # Errors
    /// [`Error::Device`] if memory cannot be allocated.
    pub fn part<P: PartOf<M> + Network<E, D>>(&self) -> Result<Model<P, E, D>> {
        let mut part = Model::try_build(self.device(), Seed(0))?;
        D::core().take_part(part.untyped_mut(), self.untyped(), P::OWNERS)?;
        Ok(part)
    }

    /// Saves weights, fitted preprocessing and the model's signature into one safetensors file. An
    /// existing file is replaced once the new one is complete.
    ///
    /// Of a model that was [built on](Model::build_on) several ranks with tables that are `sharded`,
    /// all ranks call it. Rank 0 writes the file of the whole model, the same bytes as on one rank, while
    /// the others send it their rows; so none of them needs memory for a whole table. `torch.distributed.checkpoint.save`
    /// with one file.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be written; on other ranks [`Error::Rank`], after which the
    /// cluster is of no more use.
    #[doc(alias("save_weights", "save_model", "save_pretrained", "state_dict"))]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        D::core().save(self.untyped(), path.as_ref())
    }

    /// The raw inputs and the predictions as data: types, ranges, categories, what may be absent, and
    /// what the fitted preprocessing has learned of the training rows. `mlflow`: a model's signature.
    #[doc(alias("signature", "schema", "input_spec"))]
    pub fn description(&self) -> Description {
        D::core().description(self.untyped(), [M::INPUTS_ROW, M::SAMPLE_ROW])
    }

    /// Writes the model as an ONNX file: raw inputs by their names, preprocessing, network and
    /// predictions in the user's unit. Needs the feature `onnx`. `torch.onnx.export`,
    /// `keras.Model.export(format="onnx")`, which leave preprocessing and units to the caller.
    ///
    /// # Errors
    /// As [`Export::write`](crate::onnx::Export::write)'s.
    #[cfg(feature = "onnx")]
    #[doc(alias("to_onnx", "save_onnx"))]
    pub fn export_onnx(&self, path: impl AsRef<Path>) -> Result<()> {
        Export::of(self).write(path)
    }

    /// Loads weights: from the path of a file that [`save`](Model::save) wrote, with its preprocessing, or
    /// from [`Weights`](crate::transfer::Weights). After an error the model is unchanged.
    ///
    /// [`Weights::torch`](crate::transfer::Weights::torch) reads a `state_dict` of PyTorch, and with the
    /// feature `keras` `Weights::keras` reads a file of Keras. Then the result says which layer became which
    /// ([`Loaded`](crate::foreign::Loaded)). Such files have no preprocessing: that of the model stays, and
    /// a model without one predicts after [`fit_preprocessing`](Model::fit_preprocessing) on training
    /// rows, if its steps learn anything. `keras.Model.load_weights`, `load_state_dict`.
    ///
    /// # Errors
    /// As [`load`](Model::load), and for files of other libraries
    /// [`Error::Transfer`] with every layer that is left over, missing or ambiguous.
    #[rustfmt::skip] // In one line, which rustc's message quotes.
    #[doc(alias = "load_state_dict")]
    pub fn load_weights<W: WeightsSource>(&mut self, weights: W) -> Result<W::Loaded> {
        weights.load_into(self.untyped_mut())
    }

    /// Saves the weights for Keras 3, whose `model.load_weights("house.weights.h5")` reads them. The path
    /// ends in `.weights.h5`, as Keras asks for. The result says in which group each layer is.
    ///
    /// The groups of such a file are numbered in the order of `keras.Model.layers`. Here it is that of a
    /// functional model that is written line by line: an `Input` for each input, and a layer for each
    /// merge and each layer of a branch. The weights of another model are saved in the groups of its own file by
    /// [`save_keras_weights_like`](Model::save_keras_weights_like). Images have their channels last there,
    /// for which kernels and the order of flattened images are converted. Preprocessing and
    /// learned vectors in the place of absent inputs are not saved.
    ///
    /// # Errors
    /// [`Error::Settings`] with every layer that Keras does not have, and [`Error::File`].
    #[cfg(feature = "keras")]
    pub fn save_keras_weights(&self, path: impl AsRef<Path>) -> Result<SavedLayers> {
        D::core().save_keras(self.untyped(), path.as_ref())
    }

    /// Saves the weights for the Keras model of a file, `.keras` or `.weights.h5`, whose layers are found as by
    /// [`load_weights`](Model::load_weights). Layers of the file that the model does not have keep
    /// their weights.
    ///
    /// # Errors
    /// As [`load_weights`](Model::load_weights), and [`Error::File`].
    #[cfg(feature = "keras")]
    pub fn save_keras_weights_like(
        &self,
        file: &ForeignWeights,
        path: impl AsRef<Path>,
    ) -> Result<SavedLayers> {
        D::core().save_keras_like(self.untyped(), file, path.as_ref())
    }

    /// A copy of all weights, non-trainable ones included. Of a table that is divided among ranks
    /// ([`build_on`](Model::build_on)) it has the rows of this rank, so it is restored on the same
    /// rank of as many.
    ///
    /// # Errors
    /// The device's.
    #[doc(alias = "get_weights")]
    pub fn snapshot(&self) -> Result<Snapshot> {
        Ok(D::core().snapshot(self.untyped()))
    }

    /// Restores a copy of the weights.
    ///
    /// # Errors
    /// The device's, and if the copy belongs to another model.
    #[doc(alias = "set_weights")]
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        D::core().restore(self.untyped_mut(), snapshot)
    }

    /// The number of trainable parameters.
    #[doc(alias("count_params", "num_params"))]
    pub fn num_parameters(&self) -> usize {
        multi_input_nn::parameters::count::<E, D, M::Built>().0
    }

    /// The table of nodes, layers, shapes and parameter counts. `keras.Model.summary`.
    #[doc(alias = "info")]
    pub fn summary(&self) -> Summary {
        Summary::of::<M, E, D>()
    }
}

/// Takes predictions, and appends them as rows.
fn append_outputs<M: RowTypes>(
    predicted: &mut Vec<M::Outputs>,
) -> impl FnMut(&[Vec<f64>], &[Labels], usize) + '_ {
    |values, labels, count| {
        let rows = (0..count).map(|row| RowReader::new(values, labels, row, count));
        predicted.extend(rows.map(|mut row| M::read_outputs(&mut row)));
    }
}

#[cfg(feature = "onnx")]
impl<M: Network<E, D>, E: Element, D: Compute<E>> Exported for Model<M, E, D> {
    fn export(&self, encoded: &[String], path: &Path) -> Result<()> {
        let rows = [M::INPUTS_ROW, M::SAMPLE_ROW];
        D::core().export_onnx(self.untyped(), rows, encoded, path)
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> std::fmt::Debug for Model<M, E, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let preprocessing = &self.inner().preprocessing;
        f.debug_struct(M::GRAPH.name).field("preprocessing", preprocessing).finish_non_exhaustive()
    }
}
