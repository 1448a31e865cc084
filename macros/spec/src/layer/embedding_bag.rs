//! `EmbeddingBag`: one vector for a list of categories.

use super::{
    embedding::{categories, extra, refused_table, sharded, width},
    layer, Form, Sizes,
};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Shape, Size, Text, Value};

layer! {
    "EmbeddingBag", "embedding_bag";
    doc: Doc {
        computes: "the mean, sum or maximum of the learned vectors of a list of categories, without its padding; zeros for an empty list; the cost grows with the values that are there; `sum` may be weighted by the merge `weighted`; `auto`, `from` and `sharded` as in `Embedding`",
        shape: "`[steps]` categories to `[width]`",
        keras: "`Embedding` and a masked `GlobalAveragePooling1D`",
        torch: "`EmbeddingBag`",
        also: &["embedding_lookup_sparse"],
        onnx: Onnx::since(16, &["Gather", "Reshape", "Mul", "Where", "ReduceSum", "ReduceMean", "ReduceMax", "Cast", "Max", "Greater", "Div"]),
    },
    parameters: &[
        Parameter::required("categories", ArgumentKind::SizeOrAuto),
        Parameter::optional("width", ArgumentKind::SizeOrAuto),
        Parameter::optional("mode", ArgumentKind::Word(MODES)).or("mean"),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("from", ArgumentKind::Text),
        Parameter::optional("sharded", ArgumentKind::Flag).or("false"),
    ],
    form: Form {
        extra: Some(extra),
        sharded: Some(sharded),
        looks_up: true,
        mask: MaskRule::Reads,
        ..Form::HOLDS_TENSORS
    },
    refuses: |name, input, arguments| refused(name, input, arguments),
    output: |input, arguments| Shape::numbers(&[width(input, arguments)]),
    count: |input, arguments| categories(input, arguments).times(width(input, arguments)),
    flops: |input, arguments| {
        // With `sum` a value may have a weight.
        let each = if arguments[2].index_among(MODES) == 1 { 2 } else { 1 };
        input.dim(0).times(width(input, arguments)).times(Size::Known(each))
    },
    sizes: |input, arguments| Sizes::of(&[
        categories(input, arguments),
        width(input, arguments),
        Size::Known(arguments[2].index_among(MODES)),
    ]),
}

/// The modes, in the order of the constants of the runtime's type.
const MODES: &[&str] = &["mean", "sum", "max"];

const fn refused(name: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    if let Some(text) = refused_table(name, input, arguments) {
        return Some(text);
    }
    match input.rank() {
        1 => None,
        0 => Some(Text::new(
            "`EmbeddingBag` pools a list of categories, but what flows in is one category; put \
             `Embedding` in its place",
        )),
        _ => Some(
            Text::new("`EmbeddingBag` pools [steps] categories, but what flows in is ")
                .shape(input),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::masked::through;

    const ARGUMENTS: &[Value] = &[
        Value::Size(Size::Known(100)),
        Value::Size(Size::Known(16)),
        Value::Word("max"),
        Value::Absent,
        Value::Absent,
    ];

    fn shown(input: Shape) -> String {
        match through(&LAYER, &input, output(&input, ARGUMENTS)) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        }
    }

    #[test]
    fn a_list_becomes_one_vector_without_a_mask() {
        let list = Shape::categories(&[Size::Known(7)]);
        assert_eq!(shown(list), "[16]");
        assert_eq!(shown(list.with_mask(true)), "[16]");
        assert_eq!(count(&list, ARGUMENTS), Size::Known(1600));
        assert_eq!(sizes(&list, ARGUMENTS).at(2), Size::Known(2));
    }

    #[test]
    fn one_category_numbers_and_a_small_table_are_refused() {
        assert!(shown(Shape::categories(&[])).ends_with("put `Embedding` in its place"));
        assert!(shown(Shape::numbers(&[Size::Known(7)])).starts_with(
            "`EmbeddingBag` looks up category indices, but what flows in is [7] numbers"
        ));
        let large = Shape::categories(&[Size::Known(7)]).below(Size::Known(101));
        assert!(shown(large).ends_with("write `EmbeddingBag(101, ...)`"));
    }
}
