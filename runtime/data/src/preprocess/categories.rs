//! `categories`: a learned vocabulary of categories.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use multi_input_spec::Kind;
use serde::{Deserialize, Serialize};

use super::{
    merging::{merges_state, Mergeable},
    stage::{LearnedStep, Refusal, RowRng},
    vocabulary::{Counts, Overflow, Vocabulary, VocabularySize, UNKNOWN},
};
use crate::{
    schema::{Growth, Step},
    Values,
};

/// Encodes texts or whole numbers as indices below `capacity`, by decreasing frequency in the
/// training rows: 0 is padding, which no value gets, 1 is unknown, and the most frequent value gets
/// 2. `n` distinct values need a capacity of `n + 2`. Values that occur fewer than `minimum` times
/// (default 1), or exceed the capacity, are unknown; a notice and
/// [`Preprocessing::overflow`](crate::preprocess::Preprocessing::overflow) report their number, and
/// the capacity that would hold all values.
///
/// Frequencies are exact for up to 2 `capacity` distinct values, or 2^20 if that is more, which
/// bounds the memory. Beyond, the least frequent values are dropped periodically: a frequency may
/// be overestimated by at most n / `capacity` for n values (or n / 2^19), so that no value with a
/// higher frequency is lost, and the counts of the overflow are lower bounds.
///
/// Values without a training row are unknown. If every training value is in the vocabulary, the
/// embedding of the unknown category is not trained: it is set to the mean of the trained ones
/// (unless `Trainer::keep_untrained`), and `one_hot` encodes it as equal parts of the known
/// categories. With `unknown_rate = 0.01`, each category of a training row is replaced by the
/// unknown one with that probability, anew in every epoch, so that it is trained.
///
/// With `shared = input`, the vocabulary of another input is used, fitted on both inputs.
///
/// `keras.layers.StringLookup(max_tokens=capacity, mask_token="")` and
/// `IntegerLookup(max_tokens=capacity, mask_token=..)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "StringLookup")]
#[doc(alias = "IntegerLookup")]
#[doc(alias = "LabelEncoder")]
#[doc(alias = "OrdinalEncoder")]
#[doc(alias = "factorize")]
#[doc(alias = "categorical")]
#[doc(alias = "vocabulary")]
#[doc(alias = "lookup")]
#[doc(alias = "categorical_column_with_vocabulary_list")]
pub struct Categories;

/// The vocabulary that `categories` has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CategoryVocabulary {
    /// A vocabulary of texts.
    Texts(Vocabulary<String>),
    /// A vocabulary of whole numbers.
    Numbers(Vocabulary<u32>),
}

/// Frequencies of the categories of the training rows.
#[derive(Debug, Serialize, Deserialize)]
pub enum CategoryCounts {
    /// Frequencies of texts.
    Texts(Counts<String>),
    /// Frequencies of whole numbers.
    Numbers(Counts<u32>),
}

impl Mergeable for CategoryCounts {
    fn merge(&mut self, later: CategoryCounts) -> Result<(), String> {
        match (self, later) {
            (CategoryCounts::Texts(counts), CategoryCounts::Texts(later)) => counts.merge(later),
            (CategoryCounts::Numbers(counts), CategoryCounts::Numbers(later)) => {
                counts.merge(later)
            }
            _ => Err("the frequencies of values of another kind".to_owned()),
        }
    }
}

impl LearnedStep for Categories {
    type State = CategoryCounts;
    type Fitted = CategoryVocabulary;

    fn start(&self, step: &Step) -> CategoryCounts {
        match step.input.kind {
            Kind::Texts => CategoryCounts::Texts(Counts::for_capacity(step.output.below.get())),
            _ => CategoryCounts::Numbers(Counts::for_capacity(step.output.below.get())),
        }
    }

    fn update(&self, state: &mut CategoryCounts, _: &Step, values: &Values) {
        match (state, values) {
            (CategoryCounts::Texts(counts), Values::Texts(texts)) => {
                texts.iter().for_each(|text| counts.add(&**text));
            }
            (CategoryCounts::Numbers(counts), Values::Categories(numbers)) => {
                numbers.iter().for_each(|number| counts.add(number));
            }
            _ => {}
        }
    }

    merges_state!();

    fn learn(&self, state: CategoryCounts, step: &Step) -> CategoryVocabulary {
        let capacity = step.output.below.get();
        let minimum = step.argument("minimum").size_or(1).get() as u64;
        match state {
            CategoryCounts::Texts(counts) => {
                CategoryVocabulary::Texts(counts.most_frequent(capacity, minimum))
            }
            CategoryCounts::Numbers(counts) => {
                CategoryVocabulary::Numbers(counts.most_frequent(capacity, minimum))
            }
        }
    }

    fn check(&self, fitted: &CategoryVocabulary, step: &Step) -> Result<(), String> {
        let capacity = step.output.below.get();
        match (fitted, step.input.kind) {
            (CategoryVocabulary::Texts(vocabulary), Kind::Texts) => vocabulary.check(capacity),
            (CategoryVocabulary::Numbers(vocabulary), Kind::Categories) => {
                vocabulary.check(capacity)
            }
            // An empty list deserializes to either variant.
            (CategoryVocabulary::Texts(vocabulary), _) if vocabulary.is_empty() => Ok(()),
            _ => Err("its vocabulary is of another kind".to_owned()),
        }
    }

    fn apply(
        &self,
        fitted: &CategoryVocabulary,
        _: &Step,
        values: Values,
    ) -> Result<Values, Refusal> {
        let indices = match (fitted, &values) {
            (CategoryVocabulary::Texts(vocabulary), Values::Texts(texts)) => {
                texts.iter().map(|text| vocabulary.index(&**text)).collect()
            }
            (CategoryVocabulary::Numbers(vocabulary), Values::Categories(numbers)) => {
                numbers.iter().map(|number| vocabulary.index(number)).collect()
            }
            _ => vec![UNKNOWN; values.len()],
        };
        Ok(Values::Categories(indices))
    }

    fn vocabulary(&self, fitted: &CategoryVocabulary, step: &Step) -> Option<VocabularySize> {
        let size = match fitted {
            CategoryVocabulary::Texts(vocabulary) => vocabulary.size(),
            CategoryVocabulary::Numbers(vocabulary) => vocabulary.size(),
        };
        Some(VocabularySize { with_unknown: size.with_unknown || unknown_rate(step) > 0.0, ..size })
    }

    fn grow(
        &self,
        fitted: CategoryVocabulary,
        new: CategoryCounts,
        step: &Step,
    ) -> Option<(CategoryVocabulary, Growth)> {
        let capacity = step.output.below.get();
        let minimum = step.argument("minimum").size_or(1).get() as u64;
        Some(match (fitted, new) {
            (CategoryVocabulary::Numbers(vocabulary), CategoryCounts::Numbers(counts)) => {
                let (grown, growth) = vocabulary.grow(counts, capacity, minimum);
                (CategoryVocabulary::Numbers(grown), growth)
            }
            (CategoryVocabulary::Texts(vocabulary), CategoryCounts::Texts(counts)) => {
                let (grown, growth) = vocabulary.grow(counts, capacity, minimum);
                (CategoryVocabulary::Texts(grown), growth)
            }
            // An empty list deserializes to texts.
            (CategoryVocabulary::Texts(_), CategoryCounts::Numbers(counts)) => {
                let (grown, growth) = Vocabulary::default().grow(counts, capacity, minimum);
                (CategoryVocabulary::Numbers(grown), growth)
            }
            (vocabulary, _) => (vocabulary, Growth::default()),
        })
    }

    fn index_of(&self, fitted: &CategoryVocabulary, _: &Step, entry: &str) -> Option<u32> {
        match fitted {
            CategoryVocabulary::Texts(vocabulary) => vocabulary.position(entry),
            CategoryVocabulary::Numbers(vocabulary) => {
                vocabulary.position(&entry.parse::<u32>().ok()?)
            }
        }
    }

    fn is_random(&self, step: &Step) -> bool {
        unknown_rate(step) > 0.0
    }

    fn apply_in_training(
        &self,
        fitted: &CategoryVocabulary,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let mut values = self.apply(fitted, step, values)?;
        if let Values::Categories(indices) = &mut values {
            let (rate, width) = (unknown_rate(step), step.input.elements().get().max(1));
            let dropped = indices.iter_mut().enumerate().filter(|(position, _)| {
                rng.uniform_of_element((position / width, position % width), width, 0) < rate
            });
            dropped.for_each(|(_, index)| *index = UNKNOWN);
        }
        Ok(values)
    }

    fn unknown(
        &self,
        fitted: &CategoryVocabulary,
        _: &Step,
        values: &Values,
    ) -> Vec<(usize, String)> {
        match (fitted, values) {
            (CategoryVocabulary::Texts(vocabulary), Values::Texts(texts)) => {
                let unknown = texts.iter().enumerate();
                let unknown = unknown.filter(|(_, text)| vocabulary.index(&***text) == UNKNOWN);
                unknown.map(|(index, text)| (index, text.to_string())).collect()
            }
            (CategoryVocabulary::Numbers(vocabulary), Values::Categories(numbers)) => {
                let unknown = numbers.iter().enumerate();
                let unknown = unknown.filter(|(_, number)| vocabulary.index(*number) == UNKNOWN);
                unknown.map(|(index, number)| (index, number.to_string())).collect()
            }
            _ => Vec::new(),
        }
    }

    fn overflow(&self, fitted: &CategoryVocabulary) -> Option<Overflow> {
        match fitted {
            CategoryVocabulary::Texts(vocabulary) => vocabulary.overflow(),
            CategoryVocabulary::Numbers(vocabulary) => vocabulary.overflow(),
        }
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        fitted: &CategoryVocabulary,
        _: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let index = match fitted {
            CategoryVocabulary::Texts(vocabulary) => vocabulary.to_onnx(graph, &flow.value),
            CategoryVocabulary::Numbers(vocabulary) => vocabulary.to_onnx(graph, &flow.value),
        };
        Ok(flow.with(index))
    }
}

/// The probability to replace a category of a training row by the unknown one.
fn unknown_rate(step: &Step) -> f64 {
    step.argument("unknown_rate").number_or(0.0)
}
