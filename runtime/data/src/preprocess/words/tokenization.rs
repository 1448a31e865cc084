//! How `words` splits a text into tokens.

use std::{borrow::Cow, sync::Arc};

use unicode_segmentation::UnicodeSegmentation;

use super::markup;
use crate::{schema::Step, Values};

/// The texts of a row.
pub(super) enum Row<'a> {
    /// One text of many words.
    Text(&'a str),
    /// A list of texts, each of which is one word.
    Pieces(&'a [Arc<str>]),
}

/// Tokenization settings.
pub(super) struct Tokenization {
    /// Whether tags become spaces, and entities the characters that they stand for.
    pub(super) markup: bool,
    pub(super) lowercase: bool,
    /// Whether punctuation is removed.
    pub(super) strip: bool,
    pub(super) split: Split,
    pub(super) ngrams: usize,
}

/// Where a text is split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Split {
    /// At white space.
    Whitespace,
    /// At Unicode's word boundaries, and between the characters of Chinese and Japanese.
    Unicode,
    /// Between characters.
    Character,
}

impl Tokenization {
    pub(super) fn of(step: &Step) -> Tokenization {
        Tokenization {
            markup: step.argument("markup").word_or("keep") == "strip",
            lowercase: step.argument("lowercase").flag_or(true),
            strip: step.argument("punctuation").word_or("strip") == "strip",
            split: match step.argument("split").word_or("whitespace") {
                "unicode" => Split::Unicode,
                "character" => Split::Character,
                _ => Split::Whitespace,
            },
            ngrams: step.argument("ngrams").size_or(1).get().max(1),
        }
    }

    /// Calls `take` with the texts of each row.
    pub(super) fn each_row(&self, values: &Values, mut take: impl FnMut(Row<'_>)) {
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
    pub(super) fn tokens(&self, row: Row<'_>, take: impl FnMut(&str)) {
        match row {
            Row::Text(text) => self.words(text, take),
            Row::Pieces(pieces) => {
                let word =
                    |piece: &Arc<str>| self.standardized(piece, self.strip).trim().to_owned();
                let words: Vec<String> =
                    pieces.iter().map(word).filter(|word| !word.is_empty()).collect();
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
    fn words(&self, text: &str, mut take: impl FnMut(&str)) {
        // Unicode's words are found with the punctuation in place, because some is within words.
        let text = self.standardized(text, self.strip && self.split != Split::Unicode);
        if self.ngrams == 1 {
            return self.split(&text, &mut |word| take(word));
        }
        let mut words = Vec::new();
        self.split(&text, &mut |word| words.push(word));
        self.runs(&words, take);
    }

    /// The text without markup and punctuation and in lower case, as far as that is wanted.
    fn standardized<'t>(&self, text: &'t str, strips: bool) -> Cow<'t, str> {
        let text = match self.markup {
            true => markup::stripped(text),
            false => Cow::Borrowed(text),
        };
        let is_stripped = |character: char| strips && character.is_ascii_punctuation();
        let text = match text.contains(is_stripped) {
            true => Cow::Owned(text.chars().filter(|character| !is_stripped(*character)).collect()),
            false => text,
        };
        match self.lowercase {
            // Not character by character: a sigma at the end of a word has a lower case of its own.
            true => Cow::Owned(text.to_lowercase()),
            false => text,
        }
    }

    fn split<'t>(&self, text: &'t str, take: &mut dyn FnMut(&'t str)) {
        match self.split {
            Split::Whitespace => text.split_whitespace().for_each(take),
            Split::Character => characters(text).for_each(take),
            Split::Unicode => {
                let is_word = |word: &&str| match self.strip {
                    true => word.contains(is_of_a_word),
                    false => !word.chars().all(is_invisible),
                };
                for segment in text.split_word_bounds() {
                    split_ideographs(segment, &mut |word| {
                        Some(word).filter(is_word).into_iter().for_each(&mut *take);
                    });
                }
            }
        }
    }
}

/// The code points of a text, white space among them, as `tf.strings.unicode_split` gives them.
fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(start, character)| &text[start..start + character.len_utf8()])
}

/// Splits a segment before and behind every character of Chinese or Japanese; its combining marks
/// stay with it. UAX 29 does so for ideographs and hiragana, but keeps runs of katakana together.
fn split_ideographs<'t>(segment: &'t str, take: &mut dyn FnMut(&'t str)) {
    if !segment.contains(is_ideograph_or_kana) {
        return take(segment);
    }
    let mut start = 0;
    for (at, cluster) in segment.grapheme_indices(true) {
        if cluster.starts_with(is_ideograph_or_kana) {
            if start < at {
                take(&segment[start..at]);
            }
            take(cluster);
            start = at + cluster.len();
        }
    }
    if start < segment.len() {
        take(&segment[start..]);
    }
}

/// Whether a character is a Chinese ideograph or a Japanese kana.
fn is_ideograph_or_kana(character: char) -> bool {
    matches!(character,
        '\u{2e80}'..='\u{2fdf}' // radicals
        | '\u{3005}'..='\u{3007}' // iteration mark, closing mark, zero
        | '\u{3031}'..='\u{3035}' // repeat marks
        | '\u{3041}'..='\u{30ff}' // hiragana, katakana
        | '\u{31f0}'..='\u{31ff}' // small katakana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' // katakana of half width
        | '\u{1aff0}'..='\u{1b16f}' // rare kana
        | '\u{20000}'..='\u{3ffff}' // rare ideographs
    ) && character != '\u{30a0}'
        && character != '\u{30fb}' // a hyphen and a middle dot
}

/// Whether a character makes a segment a word: a letter, a digit or an emoji, but no punctuation.
fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || is_emoji(character)
}

/// Whether a character is a pictograph (the blocks of `Extended_Pictographic` that hold emoji).
fn is_emoji(character: char) -> bool {
    matches!(character,
        '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23fa}' | '\u{2600}'..='\u{27bf}'
        | '\u{2b50}' | '\u{2b55}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a character shows nothing: white space, a control character or one of zero width.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KERAS: Tokenization = Tokenization {
        markup: false,
        lowercase: true,
        strip: true,
        split: Split::Whitespace,
        ngrams: 1,
    };
    const UNICODE: Tokenization = Tokenization { split: Split::Unicode, ..KERAS };

    fn words(tokenization: &Tokenization, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        tokenization.words(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn a_text_is_lowered_stripped_and_split() {
        assert_eq!(words(&KERAS, " Don't\tSTOP -- \u{c9}t\u{e9}! "), ["dont", "stop", "été"]);
        let as_it_is = Tokenization { lowercase: false, strip: false, ..KERAS };
        assert_eq!(words(&as_it_is, "Don't - stop"), ["Don't", "-", "stop"]);
        // A sigma at the end of a word, as in Python's `str.lower`.
        assert_eq!(words(&KERAS, "ΟΔΟΣ, ΣΟΦΟΣ."), ["οδος", "σοφος"]);
    }

    #[test]
    fn runs_of_words_come_behind_the_words() {
        let pairs = Tokenization { ngrams: 2, ..KERAS };
        assert_eq!(words(&pairs, "a b c"), ["a", "b", "c", "a b", "b c"]);
        assert_eq!(words(&pairs, ""), Vec::<String>::new());
        let pairs = Tokenization { ngrams: 2, ..UNICODE };
        assert_eq!(words(&pairs, "日本, ok"), ["日", "本", "ok", "日 本", "本 ok"]);
        let pairs = Tokenization { ngrams: 2, split: Split::Character, ..KERAS };
        assert_eq!(words(&pairs, "a!b"), ["a", "b", "a b"]);
    }

    #[test]
    fn each_text_of_a_list_is_a_word() {
        let pieces = ["Sci-Fi &amp; more ", "東京", "!", "<b>"].map(Arc::from);
        for split in [Split::Whitespace, Split::Unicode, Split::Character] {
            let tokenization = Tokenization { markup: true, split, ngrams: 2, ..KERAS };
            let mut words = Vec::new();
            tokenization.tokens(Row::Pieces(&pieces), |word| words.push(word.to_owned()));
            assert_eq!(words, ["scifi  more", "東京", "scifi  more 東京"]);
        }
    }

    #[test]
    fn characters_are_code_points_with_white_space_among_them() {
        let characters = Tokenization { split: Split::Character, ..KERAS };
        assert_eq!(words(&characters, "Ab, 日本\n"), ["a", "b", " ", "日", "本", "\n"]);
        assert_eq!(words(&characters, "e\u{301}"), ["e", "\u{301}"]);
        assert_eq!(words(&characters, "!?"), Vec::<String>::new());
    }

    /// Texts in many scripts with their words; punctuation is no word.
    #[test]
    fn unicode_words_of_many_scripts() {
        let cases: [(&str, &[&str]); 17] = [
            ("Straße, Größe und Äpfel!", &["straße", "größe", "und", "äpfel"]),
            ("L'homme d\u{2019}aujourd'hui…", &["l'homme", "d\u{2019}aujourd'hui"]),
            ("Don't pay $3.50 (or 1,000)!", &["don't", "pay", "3.50", "or", "1,000"]),
            ("well-known e-mail", &["well", "known", "e", "mail"]),
            ("snake_case", &["snake_case"]),
            ("我爱北京。", &["我", "爱", "北", "京"]),
            ("東京タワーへ行く", &["東", "京", "タ", "ワ", "ー", "へ", "行", "く"]),
            ("ﾊﾟﾝとiPhoneとテスト_abc", &["ﾊﾟ", "ﾝ", "と", "iphone", "と", "テ", "ス", "ト", "_abc"]),
            ("ガ・か\u{3099}", &["ガ", "か\u{3099}"]),
            ("한국어 텍스트", &["한국어", "텍스트"]),
            ("مرحبا بالعالم، كيف؟", &["مرحبا", "بالعالم", "كيف"]),
            ("नमस्ते दुनिया।", &["नमस्ते", "दुनिया"]),
            ("สวัสดี", &["ส", "วั", "ส", "ดี"]),
            ("Привет, МИР", &["привет", "мир"]),
            ("good 👍🏽 day 👨‍👩‍👧🇩🇪 ❤️", &["good", "👍🏽", "day", "👨‍👩‍👧", "🇩🇪", "❤️"]),
            ("\u{feff} -- !? \u{200b}", &[]),
            ("a\r\nb\u{a0}c", &["a", "b", "c"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(&UNICODE, text), expected, "{text}");
        }
    }

    #[test]
    fn punctuation_that_is_kept_is_a_word_of_its_own() {
        let kept = Tokenization { strip: false, lowercase: false, ..UNICODE };
        assert_eq!(
            words(&kept, "Well, no...  日本。"),
            ["Well", ",", "no", ".", ".", ".", "日", "本", "。"]
        );
        assert_eq!(words(&kept, "\u{feff}a\u{200b} \r\n"), ["a", "\u{200b}"][..1]);
    }

    #[test]
    fn markup_goes_before_words_are_found() {
        let text = "<p class=\"x\">Caf&eacute;<br />R&amp;D</p>";
        let stripped = |tokenization: Tokenization| {
            words(&Tokenization { markup: true, ..tokenization }, text)
        };
        assert_eq!(stripped(KERAS), ["café", "rd"]);
        assert_eq!(stripped(UNICODE), ["café", "r", "d"]);
        assert_eq!(words(&KERAS, "a<br />b"), ["abr", "b"]);
    }

    proptest! {
        /// Any text: no panic, no empty word, and every character of a word is in the text.
        #[test]
        fn any_text_is_split(text in "\\PC*|[\\s\\S]{0,40}|[<>&;#a-z!\\-\"'= /日ガー👍\u{200d}\u{301}]{0,40}") {
            for split in [Split::Whitespace, Split::Unicode, Split::Character] {
                for (strip, markup) in [(false, false), (true, false), (true, true)] {
                    let one = Tokenization { markup, lowercase: false, strip, split, ngrams: 1 };
                    let found = words(&one, &text);
                    prop_assert!(found.iter().all(|word| !word.is_empty()));
                    if !markup && !strip && split != Split::Character {
                        let visible = |text: &str| text.chars().filter(|c| !is_invisible(*c)).collect::<String>();
                        prop_assert_eq!(visible(&found.concat()), visible(&text));
                    }
                    let pairs = words(&Tokenization { ngrams: 2, ..one }, &text);
                    prop_assert_eq!(pairs.len(), (2 * found.len()).saturating_sub(1));
                    prop_assert_eq!(&pairs[..found.len()], &found[..]);
                }
            }
        }
    }
}
