//! Dispatch from the user's types to code that is compiled once.
//!
//! Generic code is compiled in the crate that instantiates it. Everything below the user's types
//! ([`UntypedModel`], the training loop, files, reports) is therefore generic over dtype and device
//! only, and is reached through a trait object that this crate creates for each of them.
//! [`Compute::core`] is not generic where it is implemented, so its code is compiled here; it is
//! not inlined, because inlining would compile it again in the calling crate.

use std::path::Path;

use dfdx::{
    shapes::Rank0,
    tensor::{Cpu, OwnedTape, Tensor},
};
use multi_input_base::{Error, Result, Seed};
use multi_input_data::{columns::RowSpec, preprocess::Preprocessing, Table};
use multi_input_kernel::{Backend, Element};

use crate::{
    attribution::{self, Attribution, IntegratedGradientsSettings, ShapleySettings},
    baselines::{BaselineFigures, FittedBaselines},
    checkpoint::{self, Dtypes},
    cluster::together,
    definition::{Graph, Head},
    description::{describe, Description},
    feature::Feature,
    fit::{Checked, LearningRateCurve, RowsOfSource, Setup},
    foreign::{ForeignWeights, Loaded},
    history::{Evaluation, History, Phase},
    importance::Importance,
    metric::ConfusionMatrix,
    objective::{head_values, Objective, RawTables, Rows},
    page::Page,
    partial_dependence::{PartialDependence, PartialDependenceSettings},
    slices::{SliceFinder, Slices},
    transfer::{Grown, Taken, Weights, Which},
    uncertainty::ObservedModel,
    untyped::{AnyDifferentiable, Snapshot, TakePredictions, UntypedModel},
};

/// Reads tables of raw rows and passes them on.
pub(crate) type ReadTables<'a> =
    dyn FnMut(&mut dyn FnMut(RawTables<'_>) -> Result<()>) -> Result<()> + 'a;

#[cfg(feature = "keras")]
use crate::foreign::{Conversion, SavedLayers};

/// A device that models run on.
pub trait Compute<E: Element>: Backend<E> {
    /// The operations on models of this dtype and device.
    #[doc(hidden)]
    fn core() -> &'static dyn Core<E, Self>;
}

impl Compute<f32> for Cpu {
    #[inline(never)]
    fn core() -> &'static dyn Core<f32, Cpu> {
        &Compiled
    }
}

impl Compute<f64> for Cpu {
    #[inline(never)]
    fn core() -> &'static dyn Core<f64, Cpu> {
        &Compiled
    }
}

/// The operations on models, independent of their types. Each method calls the function that
/// implements it.
///
/// Where the tables of the model are divided among ranks, a method is either one in which all ranks
/// take part ([`UntypedModel::together`]), or needs the whole tables ([`UntypedModel::check_whole`]).
/// Rows that could not be read are passed to those of the first kind as an error, which all ranks
/// have to hear of.
#[doc(hidden)]
pub trait Core<E: Element, D: Backend<E>> {
    fn fit(
        &self,
        setup: Checked<'_>,
        model: &mut UntypedModel<E, D>,
        rows: Table,
    ) -> Result<History> {
        setup.fit(model, rows)
    }

    fn fit_from(
        &self,
        setup: Setup<'_>,
        model: &mut UntypedModel<E, D>,
        source: &dyn RowsOfSource,
    ) -> Result<History> {
        setup.fit_from(model, source)
    }

    fn find_learning_rate(
        &self,
        setup: Checked<'_>,
        model: &mut UntypedModel<E, D>,
        rows: Table,
    ) -> Result<LearningRateCurve> {
        model.check_whole("`Trainer::find_learning_rate`")?;
        setup.find_learning_rate(model, rows)
    }

    fn loss(
        &self,
        (graph, rows): (&Graph, &Rows),
        heads: Vec<Head<E, D>>,
        tape: OwnedTape<E, D>,
        device: &D,
    ) -> Result<Tensor<Rank0, E, D, OwnedTape<E, D>>> {
        let all: Vec<usize> = (0..rows.len()).collect();
        let values = head_values(graph, &heads, all.len())?;
        let mut objective = Objective::new(graph, &values, &rows.take(&all));
        objective.on_tape(heads, tape, device).map_err(Error::device)
    }

    fn predict(
        &self,
        model: &UntypedModel<E, D>,
        fitted: &Preprocessing,
        (rows, first): (Result<&Table>, usize),
        take: &mut TakePredictions<'_>,
    ) -> Result<()> {
        model.together(|| model.predict(fitted, (rows?, first), take))
    }

    fn check_whole(&self, model: &UntypedModel<E, D>, what: &str) -> Result<()> {
        model.check_whole(what)
    }

    fn predict_in_turn(
        &self,
        model: &UntypedModel<E, D>,
        fitted: &Preprocessing,
        (call, rows): (u64, Option<Result<(&Table, usize)>>),
        take: &mut TakePredictions<'_>,
    ) -> Result<bool> {
        let Some(cluster) = model.cluster() else {
            let Some(rows) = rows else { return Ok(false) };
            return model.predict(fitted, rows?, take).map(|()| true);
        };
        model.together(|| {
            if !cluster.any_goes_on(call, rows.is_some())? {
                return Ok(false);
            }
            rows.map_or(Ok(()), |rows| model.predict(fitted, rows?, take)).map(|()| true)
        })
    }

    fn evaluate(&self, model: &UntypedModel<E, D>, rows: Result<Table>) -> Result<Evaluation> {
        model.together(|| model.evaluate_table(rows?))
    }

    fn evaluate_tables(
        &self,
        model: &UntypedModel<E, D>,
        read: &mut ReadTables<'_>,
        batch_size: usize,
    ) -> Result<Evaluation> {
        model.together(|| {
            let mut evaluation = Err(Error::NoRows("evaluate"));
            read(&mut |tables| {
                let scores = model.score_tables(tables, batch_size, "evaluate")?;
                evaluation = Ok(Evaluation(scores.figures(Phase::Training)));
                Ok(())
            })?;
            evaluation
        })
    }

    fn confusion(
        &self,
        model: &UntypedModel<E, D>,
        output: usize,
        rows: Result<Table>,
    ) -> Result<Vec<ConfusionMatrix>> {
        model.together(|| model.confusion_of(output, rows?))
    }

    fn observed(&self, model: &UntypedModel<E, D>, rows: Table) -> Result<ObservedModel> {
        model.check_whole("the uncertainty of predictions")?;
        let outputs = model.observed(&model.rows(rows)?)?;
        Ok(ObservedModel { weights: model.weights_checksum(), outputs })
    }

    fn weights_checksum(&self, model: &UntypedModel<E, D>) -> u32 {
        model.weights_checksum()
    }

    fn importance(
        &self,
        model: &UntypedModel<E, D>,
        (rows, features): (&Table, &[Feature]),
        repeats: usize,
        seed: Seed,
    ) -> Result<Importance> {
        model.check_whole("permutation importance")?;
        Importance::of_permutations(model, rows, features, repeats, seed)
    }

    fn shapley(
        &self,
        model: &UntypedModel<E, D>,
        settings: &ShapleySettings,
        rows: &Table,
    ) -> Result<Vec<Attribution>> {
        model.check_whole("`Attribution::shapley`")?;
        attribution::shapley(model, settings, rows)
    }

    fn integrated_gradients(
        &self,
        (model, module): (&UntypedModel<E, D>, &dyn AnyDifferentiable<E, D>),
        settings: &IntegratedGradientsSettings,
        rows: &Table,
    ) -> Result<Vec<Attribution>> {
        model.check_whole("`Attribution::integrated_gradients`")?;
        attribution::integrated_gradients(model, module, settings, rows)
    }

    fn partial_dependence(
        &self,
        model: &UntypedModel<E, D>,
        settings: &PartialDependenceSettings,
        rows: &Table,
    ) -> Result<PartialDependence> {
        model.check_whole("partial dependence")?;
        PartialDependence::over_rows(model, settings, rows)
    }

    fn slices(
        &self,
        model: &UntypedModel<E, D>,
        finder: &SliceFinder,
        rows: Table,
        row: Option<&RowSpec>,
    ) -> Result<Slices> {
        model.check_whole("`SliceFinder::find`")?;
        finder.find_in(model, rows, row)
    }

    fn fit_baselines(&self, model: &UntypedModel<E, D>, rows: Table) -> Result<FittedBaselines> {
        model.check_whole("`Baselines::fit`")?;
        FittedBaselines::fit(model, &model.rows(rows)?)
    }

    fn baselines(
        &self,
        model: &UntypedModel<E, D>,
        fitted: &FittedBaselines,
        rows: Table,
    ) -> Result<BaselineFigures> {
        fitted.evaluate(model, &model.rows(rows)?)
    }

    fn report(&self, model: &UntypedModel<E, D>, page: &Page<'_>, path: &Path) -> Result<()> {
        model.check_whole("a `Report`")?;
        page.write(model, path)
    }

    fn save(&self, model: &UntypedModel<E, D>, path: &Path) -> Result<()> {
        together(model.cluster(), || checkpoint::save(model, path))
    }

    #[cfg(feature = "onnx")]
    fn export_onnx(
        &self,
        model: &UntypedModel<E, D>,
        rows: [Option<&RowSpec>; 2],
        encoded: &[String],
        path: &Path,
    ) -> Result<()> {
        model.check_whole("`Model::export_onnx`")?;
        crate::onnx::export(model, &self.description(model, rows), encoded, path)
    }

    fn description(&self, model: &UntypedModel<E, D>, rows: [Option<&RowSpec>; 2]) -> Description {
        describe(model.graph(), model.preprocessing.as_ref(), rows)
    }

    fn load(&self, model: &mut UntypedModel<E, D>, path: &Path, dtypes: Dtypes) -> Result<()> {
        checkpoint::load(model, path, dtypes)
    }

    fn load_read(&self, model: &mut UntypedModel<E, D>, weights: Weights) -> Result<()> {
        weights.load_into(model)
    }

    #[cfg(feature = "keras")]
    fn save_keras(&self, model: &UntypedModel<E, D>, path: &Path) -> Result<SavedLayers> {
        model.check_whole("`Model::save_keras_weights`")?;
        model.save_keras(path, Conversion::KERAS)
    }

    #[cfg(feature = "keras")]
    fn save_keras_like(
        &self,
        model: &UntypedModel<E, D>,
        template: &ForeignWeights,
        path: &Path,
    ) -> Result<SavedLayers> {
        model.check_whole("`Model::save_keras_weights_like`")?;
        model.save_keras_like(template, path)
    }

    fn load_foreign(
        &self,
        model: &mut UntypedModel<E, D>,
        weights: &ForeignWeights,
    ) -> Result<Loaded> {
        model.check_whole("loading weights of another library")?;
        model.load_foreign(weights)
    }

    fn fit_preprocessing(&self, model: &mut UntypedModel<E, D>, rows: &Table) -> Result<()> {
        model.fit_preprocessing(rows)
    }

    fn weights(&self, model: &UntypedModel<E, D>) -> Result<Weights> {
        model.check_whole("the base of `Model::take`")?;
        Weights::of(model)
    }

    fn take(
        &self,
        model: &mut UntypedModel<E, D>,
        base: &Weights,
        which: Which<'_>,
    ) -> Result<Taken> {
        model.check_whole("`Model::take`")?;
        model.take(base, which)
    }

    fn grow(&self, model: &mut UntypedModel<E, D>, rows: RawTables<'_>) -> Result<Grown> {
        model.check_whole("`Model::grow`")?;
        model.grow(rows)
    }

    fn take_part(
        &self,
        part: &mut UntypedModel<E, D>,
        whole: &UntypedModel<E, D>,
        owners: &[(&'static str, &'static str)],
    ) -> Result<()> {
        whole.check_whole("`Model::part`")?;
        let owner_of = |node| owners.iter().find(|(own, _)| *own == node).map(|(_, owner)| *owner);
        part.take_part(whole, &|node| Some(owner_of(node).unwrap_or(node)))
    }

    fn snapshot(&self, model: &UntypedModel<E, D>) -> Snapshot {
        model.snapshot()
    }

    fn restore(&self, model: &mut UntypedModel<E, D>, snapshot: &Snapshot) -> Result<()> {
        model.restore(snapshot)
    }
}

/// The implementation behind [`Compute::core`].
struct Compiled;

impl<E: Element, D: Backend<E>> Core<E, D> for Compiled {}
