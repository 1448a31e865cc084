//! `split`: cuts a text into a list.

use super::{Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "split",
    type_name: "Split",
    doc: Doc {
        computes: "the texts between `separator`s, without white space around them and without empty ones; `split(\" \")` cuts at white space; for a `Vec` or an array it cuts the cell of a file, and rows in memory hold the list itself",
        shape: "`String` to a list of texts; lists and arrays, unchanged",
        keras: "`tf.strings.split`, pandas `str.split`",
        torch: "",
        also: &["str_split"],
        onnx: Onnx::since(20, &["StringSplit", "Equal", "Not"]),
    },
    parameters: &[Parameter::required("separator", ArgumentKind::Text)],
    output,
    form: Form { reads_within: true, takes_lists: true, keeps_values: true, ..Form::FIXED },
};

/// A text to a list of texts; a list or array to itself.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    match (input.kind, input.rank()) {
        (Kind::Texts, 0) => Ok(input.with_list(true)),
        (_, 0) if !input.is_list() => {
            Err(Text::new("`split` cuts a text into a list, but this is ")
                .shape(input)
                .str("; declare the input as `Vec<...>` of it"))
        }
        _ => Ok(*input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    #[test]
    fn a_text_becomes_a_list_and_lists_stay() {
        let shown = |input: Shape| match output(&input, &[]) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        };
        assert_eq!(shown(Shape::new(Kind::Texts, &[])), "a list of texts");
        assert_eq!(shown(Shape::numbers(&[]).with_list(true)), "a list of numbers");
        assert_eq!(shown(Shape::categories(&[Size::Known(3)])), "[3] categories");
        assert_eq!(
            shown(Shape::numbers(&[])),
            "`split` cuts a text into a list, but this is one number; declare the input as \
             `Vec<...>` of it"
        );
    }
}
