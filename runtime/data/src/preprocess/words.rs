//! `words`: a text as a sequence of word indices.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    stage::{LearnedStep, Refusal},
    vocabulary::{Counts, Overflow, Vocabulary, VocabularySize},
};
use crate::{schema::Step, Values};

/// Encodes a text as `length` word indices: 0 is padding, 1 is an unknown word, and the other
/// indices are by decreasing frequency in the training rows. `n` distinct words need a `vocabulary`
/// of `n + 2`.
///
/// The text is converted to lower case (unless `lowercase = false`), punctuation is removed (unless
/// `punctuation = keep`), and the text is split at white space. With `ngrams = n`, every sequence
/// of up to n words is a token as well; longer sequences follow shorter ones. A text of more than
/// `length` tokens is truncated at its end; a shorter one is padded in front, or at its end with
/// `padding = after`.
///
/// In a list of texts, as `split("|")` makes one of a text, each text is one word, which may have
/// spaces; letters and punctuation are treated as above.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Vocabulary<String>);

/// Index of padding.
const PADDING: u32 = 0;

impl LearnedStep for Words {
    type State = Counts<String>;

    fn start(step: &Step) -> Counts<String> {
        Counts::for_capacity(step.output.below.get())
    }

    fn update(counts: &mut Counts<String>, step: &Step, values: &Values) {
        let tokenization = Tokenization::of(step);
        tokenization.each_row(values, |row| tokenization.tokens(row, |word| counts.add(word)));
    }

    fn learn(counts: Counts<String>, step: &Step) -> Words {
        Words(counts.most_frequent(step.output.below.get(), 1))
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step.output.below.get())
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let length = step.output.last().get();
        let in_front = step.argument("padding").word_or("before") == "before";
        let tokenization = Tokenization::of(step);
        let mut indices = Vec::with_capacity(values.len() * length);
        tokenization.each_row(&values, |row| {
            let start = indices.len();
            tokenization.tokens(row, |word| {
                if indices.len() < start + length {
                    indices.push(self.0.index(word));
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

    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        Some(self.0.size())
    }

    fn overflow(&self) -> Option<Overflow> {
        self.0.overflow()
    }
}

/// The texts of a row.
enum Row<'a> {
    /// One text of many words.
    Text(&'a str),
    /// A list of texts, each of which is one word.
    Pieces(&'a [Arc<str>]),
}

/// Tokenization settings.
struct Tokenization {
    lowercase: bool,
    strip: bool,
    ngrams: usize,
}

impl Tokenization {
    fn of(step: &Step) -> Tokenization {
        Tokenization {
            lowercase: step.argument("lowercase").flag_or(true),
            strip: step.argument("punctuation").word_or("strip") == "strip",
            ngrams: step.argument("ngrams").size_or(1).get().max(1),
        }
    }

    /// Calls `take` with the texts of each row.
    fn each_row(&self, values: &Values, mut take: impl FnMut(Row<'_>)) {
        match values {
            Values::Texts(texts) => texts.iter().for_each(|text| take(Row::Text(text))),
            Values::Lists(lists) => lists.iter().for_each(|list| match &**list {
                Values::Texts(pieces) => take(Row::Pieces(pieces)),
                _ => take(Row::Pieces(&[])),
            }),
            _ => {}
        }
    }

    /// Calls `take` with each token of a row.
    fn tokens(&self, row: Row<'_>, take: impl FnMut(&str)) {
        match row {
            Row::Text(text) => self.words(text, take),
            Row::Pieces(pieces) => {
                let words = pieces.iter().map(|piece| self.standardized(piece).trim().to_owned());
                let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
                self.runs(&words.iter().map(String::as_str).collect::<Vec<_>>(), take);
            }
        }
    }

    /// Calls `take` with each word, then with each n-gram.
    fn runs(&self, words: &[&str], mut take: impl FnMut(&str)) {
        for size in 1..=self.ngrams {
            words.windows(size).for_each(|run| take(&run.join(" ")));
        }
    }

    /// Calls `take` with each word of `text`, then with each n-gram.
    fn words(&self, text: &str, take: impl FnMut(&str)) {
        let text = self.standardized(text);
        if self.ngrams == 1 {
            return text.split_whitespace().for_each(take);
        }
        self.runs(&text.split_whitespace().collect::<Vec<_>>(), take);
    }

    fn standardized(&self, text: &str) -> String {
        let characters =
            text.chars().filter(|character| !(self.strip && character.is_ascii_punctuation()));
        match self.lowercase {
            true => characters.flat_map(char::to_lowercase).collect(),
            false => characters.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokenization: &Tokenization, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        tokenization.words(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn a_text_is_lowered_stripped_and_split() {
        let tokenization = Tokenization { lowercase: true, strip: true, ngrams: 1 };
        assert_eq!(
            words(&tokenization, " Don't\tSTOP -- \u{c9}t\u{e9}! "),
            ["dont", "stop", "\u{e9}t\u{e9}"]
        );
        let tokenization = Tokenization { lowercase: false, strip: false, ngrams: 1 };
        assert_eq!(words(&tokenization, "Don't - stop"), ["Don't", "-", "stop"]);
    }

    #[test]
    fn runs_of_words_come_behind_the_words() {
        let tokenization = Tokenization { lowercase: true, strip: true, ngrams: 2 };
        assert_eq!(words(&tokenization, "a b c"), ["a", "b", "c", "a b", "b c"]);
        assert_eq!(words(&tokenization, ""), Vec::<String>::new());
    }
}
