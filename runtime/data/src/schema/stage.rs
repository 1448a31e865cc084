//! Traits of preprocessing steps, ours and those of a user's own.
//!
//! A step is a type whose values are its settings, [`Winsorize(0.01)`](LearnedStep). It is a
//! [`FixedStep`] if its output depends on its settings only, and else a [`LearnedStep`], which is
//! fitted on the training rows. Both are used as a [`Stage`], without their type.

use std::{fmt, sync::Arc};

use multi_input_base::{Notice, NoticeKind, RngKey};
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use multi_input_spec::step::{Inverse, Nature};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value as Json;

#[cfg(feature = "onnx")]
pub use super::derivation::OnnxSource;
pub use super::derivation::{Derivation, SourceRow, Sources};
use super::{Growth, Overflow, Step, VocabularySize};
pub use crate::binary::{from_bytes, to_bytes};
use crate::table::Values;
use crate::Picture;

/// The error of a step that cannot transform a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Index of the row among the rows of the call.
    pub row: usize,
    /// The values that the step accepts.
    pub expected: String,
    /// The value that was found.
    pub found: String,
}

impl Refusal {
    /// The refusal of element `index` of the values of a call.
    pub fn of_element(
        step: &Step,
        index: usize,
        expected: impl Into<String>,
        found: impl fmt::Display,
    ) -> Refusal {
        let elements = step.input.elements().get().max(1);
        Refusal { row: index / elements, expected: expected.into(), found: found.to_string() }
    }
}

/// A step whose output depends only on its settings, which are `self`.
///
/// Every fixed step is a [`LearnedStep`] that learns nothing.
pub trait FixedStep: fmt::Debug + Send + Sync + 'static {
    /// [`Nature::Random`] for a step that changes only training rows, at random; such a step is no
    /// part of the model, so that weights fit with and without it.
    const NATURE: Nature = Nature::Fixed;

    /// The kind of inverse that [`invert`](FixedStep::invert) computes.
    const INVERSE: Inverse = Inverse::None;

    /// Transforms the values of some rows, in the input shape of the step, to its output shape.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal>;

    /// As [`apply`](FixedStep::apply), for rows of a training batch, for a step that is
    /// [random](FixedStep::NATURE).
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let _ = rng;
        self.apply(step, values)
    }

    /// Applies the step to an image right after decoding, to save memory; `None` where the result
    /// would not be smaller, and where the step cannot transform the image.
    fn shrink(&self, _: &Step, _: &Picture) -> Option<Picture> {
        None
    }

    /// Inverts the transformation in place; only called with an [`INVERSE`](FixedStep::INVERSE).
    fn invert(&self, _: &Step, _: &mut [f64]) {}

    /// [`LearnedStep::to_onnx`]. A random step is left out.
    ///
    /// # Errors
    /// A refusal, if it has no translation.
    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let _ = graph;
        match Self::NATURE {
            Nature::Random => Ok(flow),
            Nature::Fixed | Nature::Learned => Err(untranslated(step)),
        }
    }

    /// [`LearnedStep::inverse_to_onnx`].
    ///
    /// # Errors
    /// A refusal, if it has an inverse without a translation.
    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        let _ = graph;
        inverse_untranslated(Self::INVERSE, step, value)
    }
}

/// A step that is fitted on the training rows. `self` is its settings; what it has learned is saved
/// with the model. scikit-learn: an estimator with `partial_fit` and `transform`; Keras: a layer
/// with `adapt`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no preprocessing step",
    label = "no step",
    note = "a step implements `multi_input::preprocess::stage::FixedStep`, or `LearnedStep` if it learns from rows"
)]
pub trait LearnedStep: fmt::Debug + Send + Sync + 'static {
    /// The statistics accumulated over the training rows.
    type State: Send + 'static;

    /// What is learned.
    type Fitted: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static;

    /// What the output depends on.
    const NATURE: Nature = Nature::Learned;

    /// The kind of inverse that [`invert`](LearnedStep::invert) computes.
    const INVERSE: Inverse = Inverse::None;

    /// What would be learned, where the settings determine it and no rows are needed.
    fn without_rows(&self, _: &Step) -> Option<Self::Fitted> {
        None
    }

    /// What the step is applied with before fitting, where it can be.
    fn unfitted(&self, _: &Step) -> Option<Self::Fitted> {
        None
    }

    /// Whether the step is random in training.
    fn is_random(&self, _: &Step) -> bool {
        false
    }

    /// The initial statistics.
    fn start(&self, step: &Step) -> Self::State;

    /// Updates the statistics with the present values of some training rows, in the input shape of
    /// the step. Missing numbers are NaN.
    fn update(&self, state: &mut Self::State, step: &Step, values: &Values);

    /// The initial statistics of one of several parts of the training rows, each of which another
    /// process reads. Random numbers of different parts should differ; those of part 0 are those of
    /// [`start`](LearnedStep::start).
    fn start_part(&self, step: &Step, part: u64) -> Self::State {
        let _ = part;
        self.start(step)
    }

    /// The statistics as bytes, so that processes that each read a part of the training rows can merge
    /// theirs. [`to_bytes`] writes any type that implements `Serialize`, with every bit of its floats.
    ///
    /// Without this method and [`merge_state`](LearnedStep::merge_state), a model with this step is
    /// trained by one process only: a run on several ranks ends with an error before it starts.
    ///
    /// ```
    /// use multi_input::{
    ///     data::Values,
    ///     definition::Step,
    ///     preprocess::stage::{from_bytes, to_bytes, LearnedStep, Refusal},
    /// };
    ///
    /// /// Divides by the greatest number of the training rows.
    /// #[derive(Debug)]
    /// struct ByGreatest;
    ///
    /// impl LearnedStep for ByGreatest {
    ///     type State = f64;
    ///     type Fitted = f64;
    ///
    ///     fn start(&self, _: &Step) -> f64 {
    ///         f64::MIN_POSITIVE
    ///     }
    ///
    ///     fn update(&self, greatest: &mut f64, _: &Step, values: &Values) {
    ///         values.each_number(|_, number| *greatest = greatest.max(number));
    ///     }
    ///
    ///     fn save_state(&self, greatest: &f64) -> Result<Vec<u8>, String> {
    ///         to_bytes(greatest)
    ///     }
    ///
    ///     fn merge_state(&self, greatest: &mut f64, _: &Step, later: &[u8]) -> Result<(), String> {
    ///         *greatest = greatest.max(from_bytes(later)?);
    ///         Ok(())
    ///     }
    ///
    ///     fn learn(&self, greatest: f64, _: &Step) -> f64 {
    ///         greatest
    ///     }
    ///
    ///     fn apply(&self, greatest: &f64, _: &Step, values: Values) -> Result<Values, Refusal> {
    ///         Ok(values.map_numbers(|_, number| number / greatest))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason why the statistics cannot be written.
    fn save_state(&self, state: &Self::State) -> Result<Vec<u8>, String> {
        let _ = state;
        Err(UNMERGEABLE.to_owned())
    }

    /// Adds to the statistics those of rows that follow, which
    /// [`save_state`](LearnedStep::save_state) of another process gave. Statistics of no rows must
    /// change nothing.
    ///
    /// # Errors
    /// If the bytes are not the statistics of this step.
    fn merge_state(
        &self,
        state: &mut Self::State,
        step: &Step,
        later: &[u8],
    ) -> Result<(), String> {
        let _ = (state, step, later);
        Err(UNMERGEABLE.to_owned())
    }

    /// Learns from the statistics, which may be those of no rows. It is an error of the fit if what is
    /// learned cannot be saved as JSON and read back, as NaN and infinity cannot.
    fn learn(&self, state: Self::State, step: &Step) -> Self::Fitted;

    /// Validates what was learned, for instance after loading it from a file.
    ///
    /// # Errors
    /// The reason why the step cannot have learned this.
    fn check(&self, fitted: &Self::Fitted, step: &Step) -> Result<(), String> {
        let _ = (fitted, step);
        Ok(())
    }

    /// Transforms the values of some rows, in the input shape of the step, to its output shape.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(&self, fitted: &Self::Fitted, step: &Step, values: Values) -> Result<Values, Refusal>;

    /// As [`apply`](LearnedStep::apply), for rows of a training batch, for a step that is
    /// [random](LearnedStep::is_random).
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply_in_training(
        &self,
        fitted: &Self::Fitted,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let _ = rng;
        self.apply(fitted, step, values)
    }

    /// [`FixedStep::shrink`].
    fn shrink(&self, _: &Step, _: &Picture) -> Option<Picture> {
        None
    }

    /// Inverts the transformation in place; only called with an [`INVERSE`](LearnedStep::INVERSE).
    fn invert(&self, fitted: &Self::Fitted, step: &Step, numbers: &mut [f64]) {
        let _ = (fitted, step, numbers);
    }

    /// Appends the operators of [`apply`](LearnedStep::apply) to the graph of an ONNX file. Without it
    /// a model with this step is exported only where the input enters behind its steps.
    ///
    /// The value that flows in has the shape `[batch, ..]`, where `..` is the input shape of the step,
    /// and its numbers are `float` or `double` as the column's, categories `int64`, texts `string`,
    /// dates `int64` (milliseconds since 1970-01-01). For the items of a list it is
    /// `[batch, items, ..]`, and the flow has the mask of the items. So an operator names axes from the
    /// end, and a constant for each index of the last axis is broadcast. The rows that
    /// [`apply`](LearnedStep::apply) refuses may become anything, without an error at run time.
    ///
    /// ```
    /// # #[cfg(feature = "onnx")] {
    /// use multi_input::{
    ///     data::Values,
    ///     onnx,
    ///     preprocess::stage::{FixedStep, Refusal},
    /// };
    /// use multi_input::definition::Step;
    ///
    /// /// The square of a number.
    /// #[derive(Debug)]
    /// struct Squared;
    ///
    /// impl FixedStep for Squared {
    ///     fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
    ///         Ok(values.map_numbers(|_, number| number * number))
    ///     }
    ///
    ///     fn to_onnx(
    ///         &self,
    ///         _: &Step,
    ///         graph: &mut onnx::Graph,
    ///         flow: onnx::Flow,
    ///     ) -> Result<onnx::Flow, onnx::Refusal> {
    ///         let square = graph.mul(&flow.value, &flow.value);
    ///         Ok(flow.with(square))
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// A refusal with a reason, if there are no operators for it.
    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        fitted: &Self::Fitted,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let _ = (fitted, graph, flow);
        Err(untranslated(step))
    }

    /// Appends the operators of [`invert`](LearnedStep::invert) to the graph of an ONNX file. The value
    /// is `[batch, ..]` of `double`, where `..` is the shape of the target, `1` for a single number.
    ///
    /// # Errors
    /// A refusal, if it has an inverse without a translation.
    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        fitted: &Self::Fitted,
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        let _ = (fitted, graph);
        inverse_untranslated(Self::INVERSE, step, value)
    }

    /// The entries of the training rows that are not in the vocabulary.
    fn overflow(&self, _: &Self::Fitted) -> Option<Overflow> {
        None
    }

    /// The entries of some rows that are not in the vocabulary, each with the index of its value:
    /// of a category, of a text, or of a list that the step takes as a whole.
    fn unknown(&self, fitted: &Self::Fitted, step: &Step, values: &Values) -> Vec<(usize, String)> {
        let _ = (fitted, step, values);
        Vec::new()
    }

    /// Notices about the training rows that concern the step.
    fn notices(&self, fitted: &Self::Fitted, step: &Step) -> Vec<Notice> {
        let unseen = self.vocabulary(fitted, step).and_then(VocabularySize::notice);
        overflow_notice(self.overflow(fitted), step).into_iter().chain(unseen).collect()
    }

    /// Size of the vocabulary, if the step has one.
    fn vocabulary(&self, _: &Self::Fitted, _: &Step) -> Option<VocabularySize> {
        None
    }

    /// What was learned with the entries of new rows in the vocabulary, at indices after the present
    /// ones; `None` if the step has no vocabulary that rows determine.
    fn grow(
        &self,
        fitted: Self::Fitted,
        new: Self::State,
        step: &Step,
    ) -> Option<(Self::Fitted, Growth)> {
        let _ = (fitted, new, step);
        None
    }

    /// The index of an entry of the vocabulary; `None` if the vocabulary does not have it.
    fn index_of(&self, fitted: &Self::Fitted, step: &Step, entry: &str) -> Option<u32> {
        let _ = (fitted, step, entry);
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: FixedStep> LearnedStep for T {
    type State = ();
    type Fitted = ();

    const NATURE: Nature = T::NATURE;
    const INVERSE: Inverse = T::INVERSE;

    fn without_rows(&self, _: &Step) -> Option<()> {
        Some(())
    }

    fn is_random(&self, _: &Step) -> bool {
        matches!(T::NATURE, Nature::Random)
    }

    fn start(&self, _: &Step) {}

    fn update(&self, (): &mut (), _: &Step, _: &Values) {}

    fn learn(&self, (): (), _: &Step) {}

    fn apply(&self, (): &(), step: &Step, values: Values) -> Result<Values, Refusal> {
        FixedStep::apply(self, step, values)
    }

    fn apply_in_training(
        &self,
        (): &(),
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        FixedStep::apply_in_training(self, step, values, rng)
    }

    fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
        FixedStep::shrink(self, step, picture)
    }

    fn invert(&self, (): &(), step: &Step, numbers: &mut [f64]) {
        FixedStep::invert(self, step, numbers);
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        (): &(),
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        FixedStep::to_onnx(self, step, graph, flow)
    }

    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        (): &(),
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        FixedStep::inverse_to_onnx(self, step, graph, value)
    }
}

/// Why the statistics of a step cannot be merged.
const UNMERGEABLE: &str = "it has no `save_state` and `merge_state`: implement both methods of \
                           `LearnedStep`, or train on one rank";

/// The refusal of a step without a translation, as the spec explains it.
#[cfg(feature = "onnx")]
fn untranslated(step: &Step) -> onnx::Refusal {
    match (step.own, onnx::Refusal::check(step.spec.name, step.spec.doc.onnx)) {
        (None, Err(refusal)) => refusal,
        _ => onnx::Refusal::new(
            format!("`{step:?}` is a step of your own, written in Rust"),
            "implement `to_onnx` for it",
        ),
    }
}

/// The value itself, if there is nothing to undo.
#[cfg(feature = "onnx")]
fn inverse_untranslated(
    inverse: Inverse,
    step: &Step,
    value: onnx::Value,
) -> Result<onnx::Value, onnx::Refusal> {
    match (inverse, step.own) {
        (Inverse::Affine | Inverse::Nonlinear, Some(_)) => Err(onnx::Refusal::new(
            format!("`{step:?}` is a step of your own, and what undoes it is written in Rust"),
            "implement `inverse_to_onnx` for it",
        )),
        _ => Ok(value),
    }
}

/// The notice for a vocabulary that is too small, with a remedy.
pub(crate) fn overflow_notice(overflow: Option<Overflow>, step: &Step) -> Option<Notice> {
    let overflow = overflow?;
    // The first parameter of a vocabulary step is its capacity, which may be its only parameter.
    let capacity = |capacity: u64| match (step.spec.parameters, step.spec.name) {
        ([first, second, ..], name) if second.required => {
            format!("{name}({} = {capacity}, ..)", first.name)
        }
        (_, name) => format!("{name}({capacity})"),
    };
    let remedy = overflow.remedy(capacity).map_or(String::new(), |remedy| format!("; {remedy}"));
    Some(Notice::new(NoticeKind::VocabularyOverflow, format!("{overflow}{remedy}")))
}

/// The random numbers of one step for one batch. They depend only on the seed, the input, the step,
/// the index of the batch and the index of the row in it: a shard of a batch draws the numbers that
/// the whole batch would.
#[derive(Clone, Debug)]
pub struct RowRng {
    key: RngKey,
    rows: RowsOfValues,
}

/// The rows of the batch that the rows of a step's values belong to.
#[derive(Clone, Debug)]
enum RowsOfValues {
    /// Every row of the batch has a value.
    All,
    /// The rows with these indices have a value; the others are absent.
    Present(Arc<[usize]>),
    /// Each value is an item of a list: the row of the list, and the index in the list.
    Items(Arc<[(usize, usize)]>),
}

impl RowRng {
    /// Number of random numbers per row or element.
    const EACH: u64 = 8;

    /// The numbers for a batch of which the rows with the indices in `present` have a value, or all
    /// rows where it is `None`.
    pub(crate) fn new(key: RngKey, present: Option<Arc<[usize]>>) -> RowRng {
        RowRng { key, rows: present.map_or(RowsOfValues::All, RowsOfValues::Present) }
    }

    /// The numbers for the items of lists with these numbers of items.
    pub(crate) fn of_items(&self, counts: &[usize]) -> RowRng {
        let items_of = |(list, count): (usize, &usize)| {
            let row = self.row(list);
            (0..*count).map(move |item| (row, item))
        };
        let items = counts.iter().enumerate().flat_map(items_of).collect();
        RowRng { key: self.key, rows: RowsOfValues::Items(items) }
    }

    /// Random number `which` (below 8) of a row of the batch, uniform in [0, 1). Where a step is
    /// applied to the items of lists, each item has numbers of its own.
    pub fn uniform(&self, row: usize, which: u64) -> f64 {
        self.uniform_of_element((row, 0), 1, which)
    }

    /// Random number `which` (below 8) of an element of a row of `width` elements, uniform in
    /// [0, 1).
    pub(crate) fn uniform_of_element(
        &self,
        (row, element): (usize, usize),
        width: usize,
        which: u64,
    ) -> f64 {
        let (key, row) = match &self.rows {
            RowsOfValues::Items(items) => {
                // The items of a list are the rows of a key of its own. Call 0 is that of rows.
                let (list, item) = items.get(row).copied().unwrap_or((0, row));
                let call = self.key.first_row.wrapping_add(list as u64).wrapping_add(1);
                (RngKey { call, first_row: 0, ..self.key }, item)
            }
            _ => (self.key, self.row(row)),
        };
        let position = (row * width + element) as u64 * RowRng::EACH + which;
        let number = key.numbers_of_rows(width as u64 * RowRng::EACH)(position);
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The row of the batch, counted from the first row of the shard, of a row of the values.
    fn row(&self, of_values: usize) -> usize {
        match &self.rows {
            RowsOfValues::Present(rows) => rows.get(of_values).copied().unwrap_or(of_values),
            _ => of_values,
        }
    }
}

/// A preprocessing step of any type: it is fitted by [`StageFit`] and applied as a [`FittedStage`].
pub trait Stage: Send + Sync {
    /// What the output of the step depends on.
    fn nature(&'static self) -> Nature;

    /// Whether the step cannot be applied before it is fitted.
    fn needs_rows(&'static self, step: &Step) -> bool {
        self.start(step, 0).is_some()
    }

    /// Starts fitting on a part of the training rows, or on all of them as part 0; `None` where there
    /// is nothing to fit.
    fn start(&'static self, step: &Step, part: u64) -> Option<Box<dyn StageFit>>;

    /// Restores the step from `saved`, which is `Null` where there is nothing to fit.
    ///
    /// # Errors
    /// If `saved` is not a valid fitted step.
    fn restore(&'static self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String>;

    /// [`FixedStep::shrink`].
    fn shrink(&'static self, _: &Step, _: &Picture) -> Option<Picture> {
        None
    }
}

/// A step that is being fitted.
pub trait StageFit: Send {
    /// Updates the statistics with the present values of some training rows.
    fn update(&mut self, step: &Step, values: &Values);

    /// [`LearnedStep::save_state`].
    ///
    /// # Errors
    /// The reason why the statistics cannot be written.
    fn save(&self) -> Result<Vec<u8>, String> {
        Err(UNMERGEABLE.to_owned())
    }

    /// [`LearnedStep::merge_state`].
    ///
    /// # Errors
    /// If the bytes are not the statistics of this step.
    fn merge(&mut self, step: &Step, later: &[u8]) -> Result<(), String> {
        let _ = (step, later);
        Err(UNMERGEABLE.to_owned())
    }

    /// Computes the fitted step from the statistics.
    ///
    /// # Errors
    /// If the fitted step is invalid, so that a saved file could not be loaded.
    fn learn(self: Box<Self>, step: &Step) -> Result<Arc<dyn FittedStage>, String>;

    /// The step that was fitted and saved as `saved`, with the entries of the new rows in its
    /// vocabulary; `None` if it has none.
    ///
    /// # Errors
    /// If the grown step is invalid.
    fn grow(
        self: Box<Self>,
        _: &Step,
        _: Json,
    ) -> Option<Result<(Arc<dyn FittedStage>, Growth), String>> {
        None
    }
}

/// A fitted step.
pub trait FittedStage: Send + Sync {
    /// Transforms the values of some rows.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal>;

    /// Whether the step is random in training.
    fn is_random(&self, _: &Step) -> bool {
        false
    }

    /// Inverts the transformation in place, for steps whose specification has an inverse.
    fn invert(&self, step: &Step, numbers: &mut [f64]);

    /// The entries of the training rows that are not in the vocabulary.
    fn overflow(&self) -> Option<Overflow>;

    /// The entries of some rows that are not in the vocabulary, each with the index of its value.
    fn unknown(&self, _: &Step, _: &Values) -> Vec<(usize, String)> {
        Vec::new()
    }

    /// Notices about the training rows that concern the step.
    fn notices(&self, step: &Step) -> Vec<Notice> {
        let _ = step;
        Vec::new()
    }

    /// Size of the vocabulary, if the step has one.
    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        None
    }

    /// The index of an entry of the vocabulary; `None` if the vocabulary does not have it.
    fn index_of(&self, _: &Step, _: &str) -> Option<u32> {
        None
    }

    /// The JSON value that [`Stage::restore`] takes.
    ///
    /// # Errors
    /// The error of the serializer.
    fn save(&self) -> serde_json::Result<Json>;

    /// [`LearnedStep::to_onnx`].
    ///
    /// # Errors
    /// A refusal, if it has no translation.
    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let _ = (graph, flow);
        Err(untranslated(step))
    }

    /// [`LearnedStep::inverse_to_onnx`].
    ///
    /// # Errors
    /// A refusal, if it has an inverse without a translation.
    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        let _ = (graph, value);
        Err(untranslated(step))
    }
}

#[diagnostic::do_not_recommend]
impl<T: LearnedStep> Stage for T {
    fn nature(&'static self) -> Nature {
        T::NATURE
    }

    fn needs_rows(&'static self, step: &Step) -> bool {
        self.without_rows(step).or_else(|| self.unfitted(step)).is_none()
    }

    fn start(&'static self, step: &Step, part: u64) -> Option<Box<dyn StageFit>> {
        match self.without_rows(step) {
            Some(_) => None,
            None => Some(Box::new(Fit { step: self, state: self.start_part(step, part) })),
        }
    }

    fn restore(&'static self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
        let ready = self.without_rows(step).or_else(|| self.unfitted(step));
        let fitted = match (ready, saved) {
            (Some(ready), Json::Null) => ready,
            (_, saved) => serde_json::from_value(saved)
                .map_err(|error| format!("`{}`: {error}", step.spec.name))?,
        };
        checked(self, fitted, step)
    }

    fn shrink(&'static self, step: &Step, picture: &Picture) -> Option<Picture> {
        LearnedStep::shrink(self, step, picture)
    }
}

/// A [`LearnedStep`] that is being fitted.
struct Fit<T: LearnedStep> {
    step: &'static T,
    state: T::State,
}

impl<T: LearnedStep> StageFit for Fit<T> {
    fn update(&mut self, step: &Step, values: &Values) {
        self.step.update(&mut self.state, step, values);
    }

    fn save(&self) -> Result<Vec<u8>, String> {
        self.step.save_state(&self.state)
    }

    fn merge(&mut self, step: &Step, later: &[u8]) -> Result<(), String> {
        self.step.merge_state(&mut self.state, step, later)
    }

    fn learn(self: Box<Self>, step: &Step) -> Result<Arc<dyn FittedStage>, String> {
        checked_to_save(self.step, self.step.learn(self.state, step), step)
    }

    fn grow(
        self: Box<Self>,
        step: &Step,
        saved: Json,
    ) -> Option<Result<(Arc<dyn FittedStage>, Growth), String>> {
        let fitted: T::Fitted = match serde_json::from_value(saved) {
            Ok(fitted) => fitted,
            Err(error) => return Some(Err(format!("`{}`: {error}", step.spec.name))),
        };
        let (grown, growth) = self.step.grow(fitted, self.state, step)?;
        Some(checked_to_save(self.step, grown, step).map(|grown| (grown, growth)))
    }
}

/// A fitted step, if it is valid. The check runs after fitting as well as after loading, so that
/// every saved step can be loaded.
fn checked<T: LearnedStep>(
    learned: &'static T,
    fitted: T::Fitted,
    step: &Step,
) -> Result<Arc<dyn FittedStage>, String> {
    let valid = learned.check(&fitted, step);
    valid.map_err(|reason| format!("`{}`: {reason}", step.spec.name))?;
    Ok(Arc::new(FittedStep { step: learned, fitted }))
}

/// As [`checked`], and what was learned can be read back from a file.
fn checked_to_save<T: LearnedStep>(
    learned: &'static T,
    fitted: T::Fitted,
    step: &Step,
) -> Result<Arc<dyn FittedStage>, String> {
    let saved = serde_json::to_value(&fitted);
    let checked = checked(learned, fitted, step)?;
    match saved.and_then(serde_json::from_value::<T::Fitted>) {
        Ok(_) => Ok(checked),
        Err(error) => Err(format!(
            "`{}`: what it has learned cannot be read back from a file, whose JSON has no NaN and \
             no infinity: {error}",
            step.spec.name
        )),
    }
}

/// A fitted [`LearnedStep`].
struct FittedStep<T: LearnedStep> {
    step: &'static T,
    fitted: T::Fitted,
}

impl<T: LearnedStep> FittedStage for FittedStep<T> {
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        match rng.filter(|_| self.step.is_random(step)) {
            Some(rng) => self.step.apply_in_training(&self.fitted, step, values, rng),
            None => self.step.apply(&self.fitted, step, values),
        }
    }

    fn is_random(&self, step: &Step) -> bool {
        self.step.is_random(step)
    }

    fn invert(&self, step: &Step, numbers: &mut [f64]) {
        self.step.invert(&self.fitted, step, numbers);
    }

    fn overflow(&self) -> Option<Overflow> {
        self.step.overflow(&self.fitted)
    }

    fn unknown(&self, step: &Step, values: &Values) -> Vec<(usize, String)> {
        self.step.unknown(&self.fitted, step, values)
    }

    fn notices(&self, step: &Step) -> Vec<Notice> {
        self.step.notices(&self.fitted, step)
    }

    fn vocabulary(&self, step: &Step) -> Option<VocabularySize> {
        self.step.vocabulary(&self.fitted, step)
    }

    fn index_of(&self, step: &Step, entry: &str) -> Option<u32> {
        self.step.index_of(&self.fitted, step, entry)
    }

    fn save(&self) -> serde_json::Result<Json> {
        serde_json::to_value(&self.fitted)
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        self.step.to_onnx(&self.fitted, step, graph, flow)
    }

    #[cfg(feature = "onnx")]
    fn inverse_to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: onnx::Value,
    ) -> Result<onnx::Value, onnx::Refusal> {
        self.step.inverse_to_onnx(&self.fitted, step, graph, value)
    }
}
