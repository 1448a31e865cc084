//! Traits of preprocessing steps.
//!
//! [`FixedStep`] is a step that depends only on its arguments; [`LearnedStep`] is fitted on the
//! training rows; [`RandomStep`] is random in training. The macro wraps a step's type in [`Fixed`],
//! [`Learned`] or [`Random`].

use std::{fmt, marker::PhantomData, sync::Arc};

use multi_input_base::{Notice, NoticeKind, RngKey};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value as Json;

use super::{Derived, Growth, Overflow, Step, VocabularySize};
use crate::table::{Column, Values};
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

/// A step that depends only on its arguments.
pub trait FixedStep: Send + Sync + 'static {
    /// Transforms the values of some rows, in the input shape of the step, to its output shape.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal>;

    /// Applies the step to an image right after decoding, to save memory; `None` where the result
    /// would not be smaller, and where the step cannot transform the image.
    fn shrink(_: &Step, _: &Picture) -> Option<Picture> {
        None
    }

    /// Inverts the transformation in place, for steps whose specification has an inverse.
    fn invert(_: &Step, _: &mut [f64]) {}
}

/// The [`Refusal`] of element `index` of the values of a call.
pub(crate) fn refuse(
    step: &Step,
    index: usize,
    expected: impl Into<String>,
    found: impl fmt::Display,
) -> Refusal {
    let elements = step.input.elements().get().max(1);
    Refusal { row: index / elements, expected: expected.into(), found: found.to_string() }
}

/// A node computed from the raw values of several inputs.
pub trait Derivation: Send + Sync {
    /// Computes the column of a derived node from its inputs `of`, which have the same number of
    /// rows.
    fn derive(&self, derived: &Derived, of: &[Column]) -> Values;
}

/// A step that is fitted on the training rows. The fitted step is saved with the model.
/// scikit-learn: an estimator with `partial_fit` and `transform`; Keras: a layer with `adapt`.
pub trait LearnedStep: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The statistics accumulated over the training rows.
    type State: Send;

    /// The fitted step, where the arguments determine it and no rows are needed.
    fn from_arguments(_: &Step) -> Option<Self> {
        None
    }

    /// The step before fitting, where it can be applied unfitted.
    fn unfitted(_: &Step) -> Option<Self> {
        None
    }

    /// Whether the step is random in training.
    fn is_random(_: &Step) -> bool {
        false
    }

    /// As [`apply`](LearnedStep::apply), for rows of a training batch.
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

    /// The initial statistics.
    fn start(step: &Step) -> Self::State;

    /// Updates the statistics with the present values of some training rows.
    fn update(state: &mut Self::State, step: &Step, values: &Values);

    /// Computes the fitted step from the statistics.
    fn learn(state: Self::State, step: &Step) -> Self;

    /// Validates a fitted step, for instance after loading it from a file.
    ///
    /// # Errors
    /// The reason why `step` cannot have been fitted to this.
    fn check(&self, step: &Step) -> Result<(), String>;

    /// Transforms the values of some rows, in the input shape of the step, to its output shape.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal>;

    /// Inverts the transformation in place, for steps whose specification has an inverse.
    fn invert(&self, _: &Step, _: &mut [f64]) {}

    /// The entries of the training rows that are not in the vocabulary.
    fn overflow(&self) -> Option<Overflow> {
        None
    }

    /// Notices about the training rows that concern the step.
    fn notices(&self, step: &Step) -> Vec<Notice> {
        let unseen = self.vocabulary(step).and_then(VocabularySize::notice);
        overflow_notice(self.overflow(), step).into_iter().chain(unseen).collect()
    }

    /// Size of the vocabulary, if the step has one.
    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        None
    }

    /// The step with the entries of new rows in its vocabulary, at indices after the present ones;
    /// `None` if the step has no vocabulary that rows determine.
    fn grow(self, _: Self::State, _: &Step) -> Option<(Self, Growth)> {
        None
    }

    /// The index of an entry of the vocabulary; `None` if the vocabulary does not have it.
    fn index_of(&self, _: &Step, _: &str) -> Option<u32> {
        None
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

/// A step that is random in training.
pub trait RandomStep: Send + Sync + 'static {
    /// Transforms the values of some rows, in the input shape of the step, to its output shape.
    /// `rng` is `None` outside training.
    ///
    /// # Errors
    /// A [`Refusal`] for a row that the step cannot transform.
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal>;
}

/// The random numbers of one step for one batch. They depend only on the seed, the input, the step
/// and the index of the batch.
#[derive(Clone, Copy, Debug)]
pub struct RowRng(pub(crate) RngKey);

impl RowRng {
    /// Number of random numbers per row.
    const NUMBERS_PER_ROW: u64 = 8;

    /// Random number `which` (below 8) of a row of the batch, uniform in [0, 1).
    pub fn uniform(&self, row: usize, which: u64) -> f64 {
        let number = self.0.numbers()(row as u64 * RowRng::NUMBERS_PER_ROW + which);
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A preprocessing step of any type: it is fitted by [`StageFit`] and applied as a [`FittedStage`].
pub trait Stage: Send + Sync {
    /// Whether the step cannot be applied before it is fitted.
    fn needs_rows(&self, step: &Step) -> bool {
        self.start(step).is_some()
    }

    /// Starts fitting on training rows; `None` where there is nothing to fit.
    fn start(&self, step: &Step) -> Option<Box<dyn StageFit>>;

    /// Restores the step from `saved`, which is `Null` where there is nothing to fit.
    ///
    /// # Errors
    /// If `saved` is not a valid fitted step.
    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String>;

    /// [`FixedStep::shrink`].
    fn shrink(&self, _: &Step, _: &Picture) -> Option<Picture> {
        None
    }
}

/// A step that is being fitted.
pub trait StageFit: Send {
    /// Updates the statistics with the present values of some training rows.
    fn update(&mut self, step: &Step, values: &Values);

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
}

/// A [`FixedStep`] as a [`Stage`].
pub struct Fixed<T>(PhantomData<fn() -> T>);

impl<T: FixedStep> Fixed<T> {
    /// The stage as a trait object.
    pub const STAGE: &'static dyn Stage = &Fixed::<T>(PhantomData);
}

impl<T: FixedStep> Stage for Fixed<T> {
    fn start(&self, _: &Step) -> Option<Box<dyn StageFit>> {
        None
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
        match saved {
            Json::Null => Ok(Arc::new(Fixed::<T>(PhantomData))),
            _ => Err(format!("`{}` learns nothing, but something was saved", step.spec.name)),
        }
    }

    fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
        T::shrink(step, picture)
    }
}

impl<T: FixedStep> FittedStage for Fixed<T> {
    fn apply(&self, step: &Step, values: Values, _: Option<&RowRng>) -> Result<Values, Refusal> {
        T::apply(step, values)
    }

    fn invert(&self, step: &Step, numbers: &mut [f64]) {
        T::invert(step, numbers);
    }

    fn overflow(&self) -> Option<Overflow> {
        None
    }

    fn save(&self) -> serde_json::Result<Json> {
        Ok(Json::Null)
    }
}

/// A [`RandomStep`] as a [`Stage`].
pub struct Random<T>(PhantomData<fn() -> T>);

impl<T: RandomStep> Random<T> {
    /// The stage as a trait object.
    pub const STAGE: &'static dyn Stage = &Random::<T>(PhantomData);
}

impl<T: RandomStep> Stage for Random<T> {
    fn start(&self, _: &Step) -> Option<Box<dyn StageFit>> {
        None
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
        match saved {
            Json::Null => Ok(Arc::new(Random::<T>(PhantomData))),
            _ => Err(format!("`{}` learns nothing, but something was saved", step.spec.name)),
        }
    }
}

impl<T: RandomStep> FittedStage for Random<T> {
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        // All random steps transform images, whose values are `f32`.
        T::apply(step, values.in_single_precision(), rng)
    }

    fn is_random(&self, _: &Step) -> bool {
        true
    }

    fn invert(&self, _: &Step, _: &mut [f64]) {}

    fn overflow(&self) -> Option<Overflow> {
        None
    }

    fn save(&self) -> serde_json::Result<Json> {
        Ok(Json::Null)
    }
}

/// A [`LearnedStep`] as a [`Stage`].
pub struct Learned<T>(PhantomData<fn() -> T>);

impl<T: LearnedStep> Learned<T> {
    /// The stage as a trait object.
    pub const STAGE: &'static dyn Stage = &Learned::<T>(PhantomData);
}

impl<T: LearnedStep> Stage for Learned<T> {
    fn needs_rows(&self, step: &Step) -> bool {
        T::from_arguments(step).or_else(|| T::unfitted(step)).is_none()
    }

    fn start(&self, step: &Step) -> Option<Box<dyn StageFit>> {
        match T::from_arguments(step) {
            Some(_) => None,
            None => Some(Box::new(LearnedStepFit::<T>(T::start(step)))),
        }
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
        let learned: T = match (T::from_arguments(step).or_else(|| T::unfitted(step)), saved) {
            (Some(from_arguments), Json::Null) => from_arguments,
            (_, saved) => serde_json::from_value(saved)
                .map_err(|error| format!("`{}`: {error}", step.spec.name))?,
        };
        checked(learned, step)
    }
}

/// The statistics of a [`LearnedStep`] that is being fitted.
struct LearnedStepFit<T: LearnedStep>(T::State);

impl<T: LearnedStep> StageFit for LearnedStepFit<T> {
    fn update(&mut self, step: &Step, values: &Values) {
        T::update(&mut self.0, step, values);
    }

    fn learn(self: Box<Self>, step: &Step) -> Result<Arc<dyn FittedStage>, String> {
        checked(T::learn(self.0, step), step)
    }

    fn grow(
        self: Box<Self>,
        step: &Step,
        saved: Json,
    ) -> Option<Result<(Arc<dyn FittedStage>, Growth), String>> {
        let fitted: T = match serde_json::from_value(saved) {
            Ok(fitted) => fitted,
            Err(error) => return Some(Err(format!("`{}`: {error}", step.spec.name))),
        };
        let (grown, growth) = fitted.grow(self.0, step)?;
        Some(checked(grown, step).map(|grown| (grown, growth)))
    }
}

/// A fitted step, if it is valid. The check runs after fitting as well as after loading, so that
/// every saved step can be loaded.
fn checked<T: LearnedStep>(learned: T, step: &Step) -> Result<Arc<dyn FittedStage>, String> {
    learned.check(step).map_err(|reason| format!("`{}`: {reason}", step.spec.name))?;
    Ok(Arc::new(FittedStep(learned)))
}

/// A fitted [`LearnedStep`].
struct FittedStep<T>(T);

impl<T: LearnedStep> FittedStage for FittedStep<T> {
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        match rng.filter(|_| T::is_random(step)) {
            Some(rng) => self.0.apply_in_training(step, values, rng),
            None => self.0.apply(step, values),
        }
    }

    fn is_random(&self, step: &Step) -> bool {
        T::is_random(step)
    }

    fn invert(&self, step: &Step, numbers: &mut [f64]) {
        self.0.invert(step, numbers);
    }

    fn overflow(&self) -> Option<Overflow> {
        self.0.overflow()
    }

    fn notices(&self, step: &Step) -> Vec<Notice> {
        self.0.notices(step)
    }

    fn vocabulary(&self, step: &Step) -> Option<VocabularySize> {
        self.0.vocabulary(step)
    }

    fn index_of(&self, step: &Step, entry: &str) -> Option<u32> {
        self.0.index_of(step, entry)
    }

    fn save(&self) -> serde_json::Result<Json> {
        serde_json::to_value(&self.0)
    }
}
