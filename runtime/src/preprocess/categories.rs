//! `categories`: a vocabulary of categories.

use serde::{Deserialize, Serialize};

use super::{
    stage::{LearnedStep, Refusal},
    vocabulary::{Counts, Overflow, Vocabulary, UNKNOWN},
};
use crate::{data::Values, definition::Step, private::spec::Kind};

/// Texts or whole numbers become indices below `capacity`, by how often the training rows have
/// them: 0 is padding, which no value gets, 1 is unknown, the most frequent gets 2. What was seen
/// fewer than `minimum` times (1), or does not fit into the capacity, is unknown;
/// [`Preprocessing::overflow`](crate::preprocess::Preprocessing::overflow) says how much that is.
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
            Kind::Texts => Seen::Texts(Counts::default()),
            _ => Seen::Numbers(Counts::default()),
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

    fn overflow(&self) -> Option<Overflow> {
        match self {
            Categories::Texts(vocabulary) => vocabulary.overflow(),
            Categories::Numbers(vocabulary) => vocabulary.overflow(),
        }
    }
}
