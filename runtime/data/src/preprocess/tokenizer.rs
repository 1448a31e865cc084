//! `tokenizer`: token ids of a Hugging Face tokenizer.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use multi_input_base::quote::Quoted;
use multi_input_spec::step::tokenizer::padding;
use serde::{Deserialize, Serialize};
use tokenizers::{PostProcessor, TruncationDirection, TruncationParams};

use super::stage::{LearnedStep, Refusal};
use crate::{schema::Step, Values};

/// Encodes a text as `length` token ids with the tokenizer of a `tokenizer.json`: its normalizer,
/// model (BPE, WordPiece, Unigram, ..) and special tokens. It precedes an `Embedding` with as many
/// rows as the file has ids: `Embedding(auto)`, or an embedding with pretrained weights.
///
/// `tokenizer("tokenizer.json", length = 64)`, with a path relative to the folder of `Cargo.toml`.
/// The macro reads the file at compile time, so that the number of ids is known, and embeds it in
/// the program. A saved model contains its own copy, which is used when the model is loaded.
///
/// - A text of more than `length` ids is truncated at its end, or with `truncation = before` at its
///   beginning; special tokens are kept. The truncation and padding settings of the file are
///   ignored.
/// - A shorter text is padded at its end, as Hugging Face does by default, or with `padding =
///   before` in front. The padding id is that of the file, or of its token `[PAD]` or `<pad>`, or
///   is set with `pad = 0`.
/// - `special = false` omits the special tokens that the post-processor adds.
///
/// `tokenizers.Tokenizer.from_file(path)` with `enable_truncation(length)` and
/// `enable_padding(length=length)`. Requires the feature `tokenizers`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "AutoTokenizer")]
#[doc(alias = "BertTokenizer")]
#[doc(alias = "WordPieceTokenizer")]
#[doc(alias = "BytePairTokenizer")]
pub struct Tokenizer;

/// The tokenizer of a model.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenizerFile {
    /// Content of the file: embedded in the program, or from a saved model.
    json: Cow<'static, str>,
    #[serde(skip)]
    reader: OnceLock<Result<Arc<tokenizers::Tokenizer>, String>>,
}

impl LearnedStep for Tokenizer {
    type State = ();
    type Fitted = TokenizerFile;

    fn without_rows(&self, step: &Step) -> Option<TokenizerFile> {
        Some(TokenizerFile::embedded(step))
    }

    fn start(&self, _: &Step) {}

    fn update(&self, (): &mut (), _: &Step, _: &Values) {}

    fn learn(&self, (): (), step: &Step) -> TokenizerFile {
        TokenizerFile::embedded(step)
    }

    fn check(&self, fitted: &TokenizerFile, step: &Step) -> Result<(), String> {
        // The macro has validated the embedded file, which is parsed on first use.
        if matches!(fitted.json, Cow::Borrowed(_)) {
            return Ok(());
        }
        let reader = fitted.reader(step)?;
        let largest = reader.get_vocab(true).into_values().max().unwrap_or(0) as usize;
        let below = step.output.below.get();
        match largest < below {
            true => Ok(()),
            false => Err(format!("expected a tokenizer of ids below {below}, found {largest}")),
        }
    }

    fn index_of(&self, fitted: &TokenizerFile, step: &Step, entry: &str) -> Option<u32> {
        fitted.reader(step).ok()?.token_to_id(entry)
    }

    fn apply(
        &self,
        fitted: &TokenizerFile,
        step: &Step,
        values: Values,
    ) -> Result<Values, Refusal> {
        let Values::Texts(texts) = &values else { return Ok(values) };
        let reader = fitted.reader(step).map_err(|wrong| Refusal {
            row: 0,
            expected: "a `tokenizer.json` that fits".to_owned(),
            found: wrong,
        })?;
        let length = step.output.last().get();
        let file = step.argument("file").tokenizer();
        let pad = padding(&file, &step.argument("pad")).unwrap_or_default();
        let in_front = step.argument("padding").word_or("after") == "before";
        let special = step.argument("special").flag_or(true);
        let mut ids = Vec::with_capacity(texts.len() * length);
        for (row, text) in texts.iter().enumerate() {
            let encoding = reader.encode_fast(&**text, special).map_err(|error| Refusal {
                row,
                expected: "a text that the tokenizer takes".to_owned(),
                found: format!("{}: {error}", Quoted(text)),
            })?;
            let start = ids.len();
            ids.extend(encoding.get_ids().iter().take(length));
            let padding_length = start + length - ids.len();
            ids.extend(std::iter::repeat_n(pad, padding_length));
            if in_front {
                ids[start..].rotate_right(padding_length);
            }
        }
        Ok(Values::Categories(ids))
    }
}

impl TokenizerFile {
    /// The tokenizer that is embedded in the program.
    fn embedded(step: &Step) -> Tokenizer {
        let json = Cow::Borrowed(step.argument("file").tokenizer().json);
        Tokenizer { json, reader: OnceLock::new() }
    }

    /// The parsed tokenizer, created on first use.
    fn reader(&self, step: &Step) -> Result<&Arc<tokenizers::Tokenizer>, String> {
        let read = || read(&self.json, step).map(Arc::new);
        self.reader.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

fn read(json: &str, step: &Step) -> Result<tokenizers::Tokenizer, String> {
    let mut reader = tokenizers::Tokenizer::from_str(json).map_err(|error| error.to_string())?;
    let length = step.output.last().get();
    let special = reader.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
    if length <= special {
        return Err(format!(
            "one that adds {special} special tokens to every text, which leaves none of the {length} \
             for words"
        ));
    }
    let direction = match step.argument("truncation").word_or("after") {
        "before" => TruncationDirection::Left,
        _ => TruncationDirection::Right,
    };
    let truncation = TruncationParams { direction, max_length: length, ..Default::default() };
    reader.with_padding(None);
    reader.with_truncation(Some(truncation)).map_err(|error| error.to_string())?;
    Ok(reader)
}

/// Omits the content of the file.
impl fmt::Debug for TokenizerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokenizer of {} bytes", self.json.len())
    }
}
