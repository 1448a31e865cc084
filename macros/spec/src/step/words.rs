//! `words`: encodes a text as a sequence of word indices.

use super::{Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "words",
    type_name: "Words",
    doc: Doc {
        computes: "word indices by a vocabulary of the training rows; `vocabulary` includes index 0 for padding and 1 for unknown words; `padding` says where zeros go; `split` at white space, at the word boundaries of Unicode (Chinese and Japanese by characters), or into characters; `markup = strip` turns the tags of HTML and XML into spaces; `ngrams = n` counts runs of up to n words as words; `shared` takes the vocabulary of another input",
        shape: "`String`, or a list of texts that are one word each, to `[length]` categories below `vocabulary`",
        keras: "`TextVectorization`",
        torch: "",
        also: &["TextVectorization", "tokenize", "text_vectorize"],
        onnx: Onnx::refused("ONNX has no operator that takes a text apart at words as it does", "let the input enter behind its preprocessing, by `export = onnx(encoded(..))`"),
    },
    parameters: &[
        Parameter::required("vocabulary", ArgumentKind::Size),
        Parameter::required("length", ArgumentKind::Size),
        Parameter::optional("padding", ArgumentKind::Word(&["before", "after"])).or("before"),
        Parameter::optional("lowercase", ArgumentKind::Flag).or("true"),
        Parameter::optional("punctuation", ArgumentKind::Word(&["strip", "keep"])).or("strip"),
        Parameter::optional("split", ArgumentKind::Word(&["whitespace", "unicode", "character"]))
            .or("whitespace"),
        Parameter::optional("markup", ArgumentKind::Word(&["keep", "strip"])).or("keep"),
        Parameter::optional("ngrams", ArgumentKind::Size).or("1"),
        Parameter::optional("shared", ArgumentKind::Input),
    ],
    output,
    form: Form { reads_within: true, takes_lists: true, ..Form::VOCABULARY },
};

/// The number of reserved indices: 0 for padding and 1 for unknown words.
const RESERVED: usize = 2;

/// One text to `length` categories below `vocabulary`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if !matches!(input.kind, Kind::Texts) || input.rank() > 0 {
        return Err(Text::new("`words` reads a text, `String`, but this is ").shape(input));
    }
    let (vocabulary, length) = (arguments[0].size(), arguments[1].size());
    if let Size::Known(size) = vocabulary {
        if size <= RESERVED {
            return Err(Text::new(
                "the vocabulary of `words` includes index 0 for padding and 1 for \
                                  unknown words, so it is at least 3, this is ",
            )
            .number(size));
        }
    }
    Ok(Shape::categories(&[length]).below(vocabulary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(input: Shape, vocabulary: usize) -> String {
        let arguments = [Value::Size(Size::Known(vocabulary)), Value::Size(Size::Known(100))];
        match output(&input, &arguments) {
            Ok(shape) => {
                Text::new("").shape(&shape).str(" below ").size(shape.below).as_str().to_owned()
            }
            Err(text) => text.as_str().to_owned(),
        }
    }

    #[test]
    fn a_text_becomes_a_sequence_of_categories() {
        let text = Shape::new(Kind::Texts, &[]);
        assert_eq!(of(text, 10_000), "[100] categories below 10000");
        assert!(of(text, 2).ends_with("at least 3, this is 2"));
        assert_eq!(
            of(Shape::numbers(&[Size::Known(9)]), 10),
            "`words` reads a text, `String`, but this is [9]"
        );
    }
}
