//! What a step of preprocessing is, to whoever writes one.
//!
//! A step that goes by its arguments alone implements [`FixedStep`]; one that learns from the
//! training rows implements [`LearnedStep`]; one that draws lots in training implements
//! [`RandomStep`]. The macro wraps its type in [`Fixed`], [`Learned`] or [`Random`].

use std::{fmt, marker::PhantomData, sync::Arc};

use multi_input_base::{Notice, NoticeKind, RngKey};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value as Json;

use super::{Derived, Overflow, Step, VocabularySize};
use crate::table::{Column, Values};
use crate::Picture;

/// Why a step cannot take a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row's place among those handed over.
    pub row: usize,
    /// What the step takes.
    pub expected: String,
    /// What the row holds.
    pub found: String,
}

/// A step that goes by its arguments alone.
pub trait FixedStep: Send + Sync + 'static {
    /// The values of some rows as they are after the step, in the shape that its spec says.
    ///
    /// # Errors
    /// For a row that the step cannot take.
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal>;

    /// What the step makes of a picture, to be kept in its place as soon as it is decoded; `None`
    /// where that would take no less memory, and where the step cannot take the picture.
    fn shrink(_: &Step, _: &Picture) -> Option<Picture> {
        None
    }

    /// Brings numbers back, where the spec says that this can be done.
    fn invert(_: &Step, _: &mut [f64]) {}
}

/// The refusal of value number `place` of all that were handed over.
pub(crate) fn refuse(
    step: &Step,
    place: usize,
    expected: impl Into<String>,
    found: impl fmt::Display,
) -> Refusal {
    let width = step.input.elements().get().max(1);
    Refusal { row: place / width, expected: expected.into(), found: found.to_string() }
}

/// What is made of the raw values of several inputs.
pub trait Derivation: Send + Sync {
    /// The column of a derived node, of those it is made of; all of them have the same rows.
    fn derive(&self, derived: &Derived, of: &[Column]) -> Values;
}

/// A step that learns from the training rows. What it has learned is saved with the model.
pub trait LearnedStep: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// What is kept of the training rows while they go by.
    type Seen: Send;

    /// The step as its arguments say, where nothing has to be learned.
    fn given(_: &Step) -> Option<Self> {
        None
    }

    /// The step as it is before any training row was seen, where it can do without them.
    fn unfitted(_: &Step) -> Option<Self> {
        None
    }

    /// Whether rows to train on are changed at random.
    fn is_random(_: &Step) -> bool {
        false
    }

    /// The values of some rows to train on as they are after the step.
    ///
    /// # Errors
    /// For a row that the step cannot take.
    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let _ = rng;
        self.apply(step, values)
    }

    /// Nothing seen yet.
    fn start(step: &Step) -> Self::Seen;

    /// Takes a look at the present values of some training rows.
    fn look(seen: &mut Self::Seen, step: &Step, values: &Values);

    /// What was learned from all that was seen.
    fn learn(seen: Self::Seen, step: &Step) -> Self;

    /// Says why this cannot have been learned by such a step, as a damaged file may make it.
    ///
    /// # Errors
    /// The reason.
    fn check(&self, step: &Step) -> Result<(), String>;

    /// The values of some rows as they are after the step, in the shape that its spec says.
    ///
    /// # Errors
    /// For a row that the step cannot take.
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal>;

    /// Brings numbers back, where the spec says that this can be done.
    fn invert(&self, _: &Step, _: &mut [f64]) {}

    /// What the training rows held that found no place.
    fn overflow(&self) -> Option<Overflow> {
        None
    }

    /// What the training rows had, or lacked, that is worth knowing about the step.
    fn notices(&self, step: &Step) -> Vec<Notice> {
        let unseen = self.vocabulary(step).and_then(VocabularySize::notice);
        overflow_notice(self.overflow(), step).into_iter().chain(unseen).collect()
    }

    /// The vocabulary, where it learns one.
    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        None
    }
}

/// What is said of a vocabulary that is too small, and what to write.
pub(crate) fn overflow_notice(overflow: Option<Overflow>, step: &Step) -> Option<Notice> {
    let overflow = overflow?;
    // The first parameter of such a step is its capacity, which may be the only one.
    let capacity = |capacity: u64| match (step.spec.parameters, step.spec.name) {
        ([first, second, ..], name) if second.required => {
            format!("{name}({} = {capacity}, ..)", first.name)
        }
        (_, name) => format!("{name}({capacity})"),
    };
    let remedy = overflow.remedy(capacity).map_or(String::new(), |remedy| format!("; {remedy}"));
    Some(Notice::new(NoticeKind::VocabularyOverflow, format!("{overflow}{remedy}")))
}

/// A step that draws lots in training.
pub trait RandomStep: Send + Sync + 'static {
    /// The values of some rows as they are after the step, in the shape that its spec says; `lots` are
    /// there in training.
    ///
    /// # Errors
    /// For a row that the step cannot take.
    fn apply(step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal>;
}

/// The random numbers of one step and batch, which depend on nothing but the seed, the input, the
/// step and the number of the batch.
#[derive(Clone, Copy, Debug)]
pub struct RowRng(pub(crate) RngKey);

impl RowRng {
    /// How many numbers a row has.
    const EACH: u64 = 8;

    /// Number `which` (below 8) of a row of the batch, from 0 to 1.
    pub fn share(&self, row: usize, which: u64) -> f64 {
        let number = self.0.numbers()(row as u64 * RowRng::EACH + which);
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A kind of step, whatever its type: how one that can be applied is come by.
pub trait Stage: Send + Sync {
    /// Whether it is of no use before it has learned.
    fn needs_rows(&self, step: &Step) -> bool {
        self.start(step).is_some()
    }

    /// Starts to learn from training rows; `None` where there is nothing to learn.
    fn start(&self, step: &Step) -> Option<Box<dyn Learning>>;

    /// The step as `saved` says, which is `Null` where there is nothing to learn.
    ///
    /// # Errors
    /// Where no such step was saved.
    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn Ready>, String>;

    /// [`FixedStep::shrink`].
    fn shrink(&self, _: &Step, _: &Picture) -> Option<Picture> {
        None
    }
}

/// A step that is learning.
pub trait Learning: Send {
    /// Takes a look at the present values of some training rows.
    fn look(&mut self, step: &Step, values: &Values);

    /// Ends the learning.
    ///
    /// # Errors
    /// Where no sound step came of it, which a file could not hold.
    fn learn(self: Box<Self>, step: &Step) -> Result<Arc<dyn Ready>, String>;
}

/// A step that can be applied.
pub trait Ready: Send + Sync {
    /// The values of some rows as they are after the step.
    ///
    /// # Errors
    /// For a row that the step cannot take.
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal>;

    /// Whether it draws lots in training.
    fn is_random(&self, _: &Step) -> bool {
        false
    }

    /// Brings numbers back, where the spec says that this can be done.
    fn invert(&self, step: &Step, numbers: &mut [f64]);

    /// What the training rows held that found no place.
    fn overflow(&self) -> Option<Overflow>;

    /// What the training rows had, or lacked, that is worth knowing about the step.
    fn notices(&self, step: &Step) -> Vec<Notice> {
        let _ = step;
        Vec::new()
    }

    /// The vocabulary, where it has learned one.
    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        None
    }

    /// What [`Stage::restore`] takes.
    ///
    /// # Errors
    /// The serializer's.
    fn save(&self) -> serde_json::Result<Json>;
}

/// A [`FixedStep`] as a [`Stage`].
pub struct Fixed<T>(PhantomData<fn() -> T>);

impl<T: FixedStep> Fixed<T> {
    /// The only one.
    pub const STAGE: &'static dyn Stage = &Fixed::<T>(PhantomData);
}

impl<T: FixedStep> Stage for Fixed<T> {
    fn start(&self, _: &Step) -> Option<Box<dyn Learning>> {
        None
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn Ready>, String> {
        match saved {
            Json::Null => Ok(Arc::new(Fixed::<T>(PhantomData))),
            _ => Err(format!("`{}` learns nothing, but something was saved", step.spec.name)),
        }
    }

    fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
        T::shrink(step, picture)
    }
}

impl<T: FixedStep> Ready for Fixed<T> {
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
    /// The only one.
    pub const STAGE: &'static dyn Stage = &Random::<T>(PhantomData);
}

impl<T: RandomStep> Stage for Random<T> {
    fn start(&self, _: &Step) -> Option<Box<dyn Learning>> {
        None
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn Ready>, String> {
        match saved {
            Json::Null => Ok(Arc::new(Random::<T>(PhantomData))),
            _ => Err(format!("`{}` learns nothing, but something was saved", step.spec.name)),
        }
    }
}

impl<T: RandomStep> Ready for Random<T> {
    fn apply(&self, step: &Step, values: Values, rng: Option<&RowRng>) -> Result<Values, Refusal> {
        // All of them change pictures.
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
    /// The only one.
    pub const STAGE: &'static dyn Stage = &Learned::<T>(PhantomData);
}

impl<T: LearnedStep> Stage for Learned<T> {
    fn needs_rows(&self, step: &Step) -> bool {
        T::given(step).or_else(|| T::unfitted(step)).is_none()
    }

    fn start(&self, step: &Step) -> Option<Box<dyn Learning>> {
        match T::given(step) {
            Some(_) => None,
            None => Some(Box::new(Looking::<T>(T::start(step)))),
        }
    }

    fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn Ready>, String> {
        let learned: T = match (T::given(step).or_else(|| T::unfitted(step)), saved) {
            (Some(given), Json::Null) => given,
            (_, saved) => serde_json::from_value(saved)
                .map_err(|error| format!("`{}`: {error}", step.spec.name))?,
        };
        sound(learned, step)
    }
}

/// A learned step on its way.
struct Looking<T: LearnedStep>(T::Seen);

impl<T: LearnedStep> Learning for Looking<T> {
    fn look(&mut self, step: &Step, values: &Values) {
        T::look(&mut self.0, step, values);
    }

    fn learn(self: Box<Self>, step: &Step) -> Result<Arc<dyn Ready>, String> {
        sound(T::learn(self.0, step), step)
    }
}

/// What was learned or saved, where such a step can have learned it. The same is asked at both ends,
/// so that whatever is saved can be loaded.
fn sound<T: LearnedStep>(learned: T, step: &Step) -> Result<Arc<dyn Ready>, String> {
    learned.check(step).map_err(|reason| format!("`{}`: {reason}", step.spec.name))?;
    Ok(Arc::new(HasLearned(learned)))
}

/// A learned step at its end.
struct HasLearned<T>(T);

impl<T: LearnedStep> Ready for HasLearned<T> {
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

    fn save(&self) -> serde_json::Result<Json> {
        serde_json::to_value(&self.0)
    }
}
