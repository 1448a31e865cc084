//! `categories`: a vocabulary of categories.

use multi_input_spec::Kind;
use serde::{Deserialize, Serialize};

use super::{
    stage::{LearnedStep, Refusal, RowRng},
    vocabulary::{Counts, Overflow, Vocabulary, VocabularySize, UNKNOWN},
};
use crate::{schema::Step, Values};

/// Texts or whole numbers become indices below `capacity`, by how often the training rows have
/// them: 0 is padding, which no value gets, 1 is unknown, the most frequent gets 2. So a capacity of
/// `n + 2` is what `n` different values need. What was seen
/// fewer than `minimum` times (1), or does not fit into the capacity, is unknown;
/// a notice and [`Preprocessing::overflow`](crate::preprocess::Preprocessing::overflow) say how much
/// that is, and which capacity would hold all: two more than there are different values.
///
/// Frequencies are exact for up to 2 `capacity` different values, or 2^20 (a million) where that is
/// more; memory is for so many. Beyond, those seen least often are forgotten now and then: a
/// frequency may then be too high, by at most n / `capacity` of n values (or n / 2^19), so that
/// whatever occurs more often than that is never missed, and the figures of the overflow are lower
/// bounds.
///
/// A category that no training row has is unknown, and where all of them found a place the vector of
/// the unknown one is not trained: an embedding gives it the mean of the known ones'
/// (`Trainer::keep_untrained` does not), `one_hot` equal
/// shares of them. With `unknown_rate = 0.01` each category of a training row is taken for unknown
/// with that probability, anew in every epoch, so that it is trained.
///
/// With `shared = input` the vocabulary is that of another input, learned of both.
///
/// `keras.layers.StringLookup(max_tokens=capacity, mask_token="")` and
/// `IntegerLookup(max_tokens=capacity, mask_token=..)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Categories {
    /// Of texts.
    Texts(Vocabulary<String>),
    /// Of whole numbers.
    Numbers(Vocabulary<u32>),
}

/// What was counted.
#[derive(Debug)]
pub enum Seen {
    /// Texts.
    Texts(Counts<String>),
    /// Whole numbers.
    Numbers(Counts<u32>),
}

impl LearnedStep for Categories {
    type Seen = Seen;

    fn start(step: &Step) -> Seen {
        match step.input.kind {
            Kind::Texts => Seen::Texts(Counts::for_capacity(step.output.below.get())),
            _ => Seen::Numbers(Counts::for_capacity(step.output.below.get())),
        }
    }

    fn look(seen: &mut Seen, _: &Step, values: &Values) {
        match (seen, values) {
            (Seen::Texts(counts), Values::Texts(texts)) => {
                texts.iter().for_each(|text| counts.add(&**text));
            }
            (Seen::Numbers(counts), Values::Categories(numbers)) => {
                numbers.iter().for_each(|number| counts.add(number));
            }
            _ => {}
        }
    }

    fn learn(seen: Seen, step: &Step) -> Categories {
        let capacity = step.output.below.get();
        let minimum = step.argument("minimum").size_or(1).get() as u64;
        match seen {
            Seen::Texts(counts) => Categories::Texts(counts.most_frequent(capacity, minimum)),
            Seen::Numbers(counts) => Categories::Numbers(counts.most_frequent(capacity, minimum)),
        }
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        let capacity = step.output.below.get();
        match (self, step.input.kind) {
            (Categories::Texts(vocabulary), Kind::Texts) => vocabulary.check(capacity),
            (Categories::Numbers(vocabulary), Kind::Categories) => vocabulary.check(capacity),
            // An empty list may be either.
            (Categories::Texts(vocabulary), _) if vocabulary.is_empty() => Ok(()),
            _ => Err("its vocabulary is of another kind".to_owned()),
        }
    }

    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        let indices = match (self, &values) {
            (Categories::Texts(vocabulary), Values::Texts(texts)) => {
                texts.iter().map(|text| vocabulary.index(&**text)).collect()
            }
            (Categories::Numbers(vocabulary), Values::Categories(numbers)) => {
                numbers.iter().map(|number| vocabulary.index(number)).collect()
            }
            _ => vec![UNKNOWN; values.len()],
        };
        Ok(Values::Categories(indices))
    }

    fn vocabulary(&self, step: &Step) -> Option<VocabularySize> {
        let size = match self {
            Categories::Texts(vocabulary) => vocabulary.size(),
            Categories::Numbers(vocabulary) => vocabulary.size(),
        };
        Some(VocabularySize { with_unknown: size.with_unknown || unknown_rate(step) > 0.0, ..size })
    }

    fn is_random(step: &Step) -> bool {
        unknown_rate(step) > 0.0
    }

    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let mut values = self.apply(step, values)?;
        if let Values::Categories(indices) = &mut values {
            let rate = unknown_rate(step);
            let dropped =
                indices.iter_mut().enumerate().filter(|(place, _)| rng.share(*place, 0) < rate);
            dropped.for_each(|(_, index)| *index = UNKNOWN);
        }
        Ok(values)
    }

    fn overflow(&self) -> Option<Overflow> {
        match self {
            Categories::Texts(vocabulary) => vocabulary.overflow(),
            Categories::Numbers(vocabulary) => vocabulary.overflow(),
        }
    }
}

/// How likely a category of a training row is taken for unknown.
fn unknown_rate(step: &Step) -> f64 {
    step.argument("unknown_rate").number_or(0.0)
}
