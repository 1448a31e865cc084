//! `words`: a text as a sequence of word indices.

use serde::{Deserialize, Serialize};

use super::{
    stage::{LearnedStep, Refusal},
    vocabulary::{Counts, Overflow, Vocabulary, VocabularySize},
};
use crate::{schema::Step, Values};

/// A text becomes `length` indices of its words: 0 is padding, 1 a word that is not in the
/// vocabulary, the others go by how often the training rows have a word. So a `vocabulary` of `n + 2`
/// is what `n` different words need.
///
/// The text is put into lower case (unless `lowercase = false`), loses its punctuation (unless
/// `punctuation = keep`) and is split at white space. With `ngrams = n` every run of up to n words
/// counts as a word as well, longer ones behind shorter ones. A text of more than `length` words
/// loses its end; a shorter one is padded in front, or at its end with `padding = after`.
///
/// With `shared = input` the vocabulary is that of another input, learned of both; everything else
/// stays its own.
///
/// A notice and [`Preprocessing::overflow`](crate::preprocess::Preprocessing::overflow) say which
/// words find no place, and which `vocabulary` would hold all: two more than there are. Frequencies
/// are exact for up to 2 `vocabulary` different words, or 2^20 where that is more; beyond, as in
/// [`Categories`](crate::preprocess::Categories).
///
/// `keras.layers.TextVectorization(max_tokens=vocabulary, output_sequence_length=length)`, which
/// pads at the end; in front is how `keras.utils.pad_sequences` pads. Lower case is Unicode's here
/// and ASCII's there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Vocabulary<String>);

/// The index of padding.
const PADDING: u32 = 0;

impl LearnedStep for Words {
    type Seen = Counts<String>;

    fn start(step: &Step) -> Counts<String> {
        Counts::for_capacity(step.output.below.get())
    }

    fn look(counts: &mut Counts<String>, step: &Step, values: &Values) {
        let Values::Texts(texts) = values else { return };
        let reading = Reading::of(step);
        for text in texts {
            reading.words(text, |word| counts.add(word));
        }
    }

    fn learn(counts: Counts<String>, step: &Step) -> Words {
        Words(counts.most_frequent(step.output.below.get(), 1))
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step.output.below.get())
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Texts(texts) = &values else { return Ok(values) };
        let length = step.output.last().get();
        let in_front = step.argument("padding").word_or("before") == "before";
        let reading = Reading::of(step);
        let mut indices = Vec::with_capacity(texts.len() * length);
        for text in texts {
            let start = indices.len();
            reading.words(text, |word| {
                if indices.len() < start + length {
                    indices.push(self.0.index(word));
                }
            });
            let short = start + length - indices.len();
            indices.extend(std::iter::repeat_n(PADDING, short));
            if in_front {
                indices[start..].rotate_right(short);
            }
        }
        Ok(Values::Categories(indices))
    }

    fn vocabulary(&self, _: &Step) -> Option<VocabularySize> {
        Some(self.0.size())
    }

    fn overflow(&self) -> Option<Overflow> {
        self.0.overflow()
    }
}

/// How a text is read.
struct Reading {
    lowercase: bool,
    strip: bool,
    ngrams: usize,
}

impl Reading {
    fn of(step: &Step) -> Reading {
        Reading {
            lowercase: step.argument("lowercase").flag_or(true),
            strip: step.argument("punctuation").word_or("strip") == "strip",
            ngrams: step.argument("ngrams").size_or(1).get().max(1),
        }
    }

    /// Hands every word of `text` to `take`, and then every run of words.
    fn words(&self, text: &str, mut take: impl FnMut(&str)) {
        let text = self.standardized(text);
        if self.ngrams == 1 {
            return text.split_whitespace().for_each(take);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        for size in 1..=self.ngrams {
            words.windows(size).for_each(|run| take(&run.join(" ")));
        }
    }

    fn standardized(&self, text: &str) -> String {
        let kept = text.chars().filter(|letter| !(self.strip && letter.is_ascii_punctuation()));
        match self.lowercase {
            true => kept.flat_map(char::to_lowercase).collect(),
            false => kept.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(reading: &Reading, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        reading.words(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn a_text_is_lowered_stripped_and_split() {
        let reading = Reading { lowercase: true, strip: true, ngrams: 1 };
        assert_eq!(
            words(&reading, " Don't\tSTOP -- \u{c9}t\u{e9}! "),
            ["dont", "stop", "\u{e9}t\u{e9}"]
        );
        let reading = Reading { lowercase: false, strip: false, ngrams: 1 };
        assert_eq!(words(&reading, "Don't - stop"), ["Don't", "-", "stop"]);
    }

    #[test]
    fn runs_of_words_come_behind_the_words() {
        let reading = Reading { lowercase: true, strip: true, ngrams: 2 };
        assert_eq!(words(&reading, "a b c"), ["a", "b", "c", "a b", "b c"]);
        assert_eq!(words(&reading, ""), Vec::<String>::new());
    }
}
