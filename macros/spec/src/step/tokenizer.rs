//! `tokenizer`: encodes a text by a Hugging Face tokenizer.

use super::{Form, Step};
use crate::{
    ArgumentKind, Doc, Kind, Onnx, Parameter, Range, Shape, Size, Text, TokenizerFile, Value,
};

/// The row of the table.
pub const STEP: Step = Step {
    name: "tokenizer",
    type_name: "Tokenizer",
    doc: Doc {
        computes: "token ids of the Hugging Face tokenizer in `file`, a path from the folder of `Cargo.toml`; `special` adds its special tokens; `pad` is the padding id where the file has none; needs the feature `tokenizers`",
        shape: "`String` to `[length]` categories below the number of ids",
        keras: "Hugging Face `Tokenizer.encode`",
        torch: "",
        also: &["AutoTokenizer", "BertTokenizer", "WordPieceTokenizer", "BytePairTokenizer"],
        onnx: Onnx::refused("ONNX has no tokenizers", "let the input enter behind its preprocessing, by `export = onnx(encoded(..))`"),
    },
    parameters: &[
        Parameter::required("file", ArgumentKind::TokenizerFile),
        Parameter::required("length", ArgumentKind::Size),
        Parameter::optional("padding", ArgumentKind::Word(&["after", "before"])).or("after"),
        Parameter::optional("truncation", ArgumentKind::Word(&["after", "before"])).or("after"),
        Parameter::optional("special", ArgumentKind::Flag).or("true"),
        Parameter::optional("pad", ArgumentKind::Number(Range::Whole)),
    ],
    output,
    form: Form { reads_within: true, ..Form::LEARNED },
};

/// One text to `length` categories below the number of ids.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if !matches!(input.kind, Kind::Texts) || input.rank() > 0 {
        return Err(Text::new("`tokenizer` reads a text, `String`, but this is ").shape(input));
    }
    let file = arguments[0].tokenizer();
    if let Err(wrong) = padding(&file, &arguments[5]) {
        return Err(wrong);
    }
    Ok(Shape::categories(&[arguments[1].size()]).below(Size::Known(file.vocabulary)))
}

/// The padding id: `pad` if given, else that of the file.
pub const fn padding(file: &TokenizerFile, pad: &Value) -> Result<u32, Text> {
    let id = match pad {
        Value::Number(id) => *id,
        _ => match file.padding {
            Some(id) => return Ok(id),
            None => {
                return Err(Text::new(
                    "this tokenizer says nothing of padding and has no token `[PAD]` or `<pad>`; \
                     say which id pads, `pad = 0`",
                ));
            }
        },
    };
    if id >= file.vocabulary as f64 {
        let text = Text::new("`pad` is one of the tokenizer's ids, a whole number below ");
        return Err(text.number(file.vocabulary));
    }
    // A constant is not known yet; a number that is no integer is reported by its range.
    Ok(id as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(padding: Option<u32>, pad: Value) -> Result<String, String> {
        let file = TokenizerFile { vocabulary: 30, padding, json: "" };
        let length = Value::Size(Size::Known(8));
        let arguments =
            [Value::Tokenizer(file), length, Value::Absent, Value::Absent, Value::Absent, pad];
        match output(&Shape::new(Kind::Texts, &[]), &arguments) {
            Ok(shape) => Ok(Text::new("").shape(&shape).str(" below ").size(shape.below)),
            Err(text) => Err(text),
        }
        .map(|text| text.as_str().to_owned())
        .map_err(|text| text.as_str().to_owned())
    }

    #[test]
    fn the_file_bounds_the_categories() {
        assert_eq!(of(Some(0), Value::Absent).unwrap(), "[8] categories below 30");
        assert_eq!(of(None, Value::Number(29.0)).unwrap(), "[8] categories below 30");
    }

    #[test]
    fn some_id_of_its_own_pads() {
        assert!(of(None, Value::Absent).unwrap_err().ends_with("`pad = 0`"));
        assert!(of(Some(0), Value::Number(30.0)).unwrap_err().ends_with("below 30"));
    }
}
