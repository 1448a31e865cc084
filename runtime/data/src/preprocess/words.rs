//! `words`: a text as a sequence of word indices.

mod markup;
mod tokenization;

use self::tokenization::Tokenization;
use super::{
    merging::merges_state,
    stage::{LearnedStep, Refusal},
    vocabulary::{Counts, Overflow, Vocabulary, VocabularySize, UNKNOWN},
};
use crate::{
    schema::{Growth, Step},
    Values,
};

/// Encodes a text as `length` word indices: 0 is padding, 1 is an unknown word, and the other
/// indices are by decreasing frequency in the training rows. `n` distinct words need a `vocabulary`
/// of `n + 2`.
///
/// The text is converted to lower case (unless `lowercase = false`), punctuation is removed (unless
/// `punctuation = keep`), and the text is split as `split` says:
///
/// - `whitespace`, the default: at white space. Punctuation is ASCII's. (Keras's rule.)
/// - `unicode`: at the word boundaries of Unicode (UAX 29): `don't` and `3.50` are words,
///   `well-known` is two. Every character of Chinese and Japanese is a word, kana among them, and so
///   are those of Thai, Lao, Khmer and Burmese, which have no spaces either; an emoji is a word.
///   Segments without a letter, a digit or an emoji are punctuation and no words; with
///   `punctuation = keep` they are, except for white space.
/// - `character`: into code points, of which white space is one too, as
///   `TextVectorization(split="character")`.
///
/// With `markup = strip`, the tags and comments of HTML and XML become spaces first, and so does the
/// content of `<script>` and `<style>`; an entity becomes its character (`&amp;` is `&`,
/// `caf&eacute;` is one word) and an unknown one a space. By default markup is text like any other.
///
/// With `ngrams = n`, every sequence of up to n words is a token as well, its words joined by a
/// space; longer sequences follow shorter ones. A text of more than `length` tokens is truncated at
/// its end; a shorter one is padded in front, or at its end with `padding = after`.
///
/// In a list of texts, as the step `split("|")` makes one of a text, each text is one word, which may
/// have spaces; letters, markup and ASCII's punctuation are treated as above, and the argument
/// `split` has no effect.
///
/// With `shared = input`, the vocabulary of another input is used, fitted on both inputs; all other
/// arguments are independent.
///
/// A notice and [`Preprocessing::overflow`](crate::preprocess::Preprocessing::overflow) report the
/// words that are not in the vocabulary, and the `vocabulary` that would hold all words.
/// Frequencies are exact for up to 2 `vocabulary` distinct words, or 2^20 if that is more; beyond,
/// as in [`Categories`](crate::preprocess::Categories).
///
/// `keras.layers.TextVectorization(max_tokens=vocabulary, output_sequence_length=length)`, which
/// pads at the end, while `keras.utils.pad_sequences` pads in front. Lower case is Unicode's here,
/// and ASCII's in Keras.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "TextVectorization")]
#[doc(alias = "tokenize")]
#[doc(alias = "text_vectorize")]
pub struct Words;

/// Index of padding.
const PADDING: u32 = 0;

impl LearnedStep for Words {
    type State = Counts<String>;
    type Fitted = Vocabulary<String>;

    fn start(&self, step: &Step) -> Counts<String> {
        Counts::for_capacity(step.output.below.get())
    }

    fn update(&self, counts: &mut Counts<String>, step: &Step, values: &Values) {
        let tokenization = Tokenization::of(step);
        tokenization.each_row(values, |row| tokenization.tokens(row, |word| counts.add(word)));
    }

    merges_state!();

    fn learn(&self, counts: Counts<String>, step: &Step) -> Vocabulary<String> {
        counts.most_frequent(step.output.below.get(), 1)
    }

    fn check(&self, fitted: &Vocabulary<String>, step: &Step) -> Result<(), String> {
        fitted.check(step.output.below.get())
    }

    fn apply(
        &self,
        fitted: &Vocabulary<String>,
        step: &Step,
        values: Values,
    ) -> Result<Values, Refusal> {
        let length = step.output.last().get();
        let in_front = step.argument("padding").word_or("before") == "before";
        let tokenization = Tokenization::of(step);
        let mut indices = Vec::with_capacity(values.len() * length);
        tokenization.each_row(&values, |row| {
            let start = indices.len();
            tokenization.tokens(row, |word| {
                if indices.len() < start + length {
                    indices.push(fitted.index(word));
                }
            });
            let padding_length = start + length - indices.len();
            indices.extend(std::iter::repeat_n(PADDING, padding_length));
            if in_front {
                indices[start..].rotate_right(padding_length);
            }
        });
        Ok(Values::Categories(indices))
    }

    fn vocabulary(&self, fitted: &Vocabulary<String>, _: &Step) -> Option<VocabularySize> {
        Some(fitted.size())
    }

    fn grow(
        &self,
        fitted: Vocabulary<String>,
        new: Counts<String>,
        step: &Step,
    ) -> Option<(Vocabulary<String>, Growth)> {
        Some(fitted.grow(new, step.output.below.get(), 1))
    }

    fn index_of(&self, fitted: &Vocabulary<String>, _: &Step, entry: &str) -> Option<u32> {
        fitted.position(entry)
    }

    fn unknown(
        &self,
        fitted: &Vocabulary<String>,
        step: &Step,
        values: &Values,
    ) -> Vec<(usize, String)> {
        let tokenization = Tokenization::of(step);
        let (mut unknown, mut row_number) = (Vec::new(), 0);
        tokenization.each_row(values, |row| {
            tokenization.tokens(row, |word| {
                if fitted.index(word) == UNKNOWN {
                    unknown.push((row_number, word.to_owned()));
                }
            });
            row_number += 1;
        });
        unknown
    }

    fn overflow(&self, fitted: &Vocabulary<String>) -> Option<Overflow> {
        fitted.overflow()
    }
}
