//! `Bidirectional`: a recurrent layer in both directions.

use super::{recurrent, Form, Inner, Layer, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Shape, Size, Text, Value};

/// The ways of merging the outputs of both directions.
pub const MERGES: &[&str] = &["concat", "sum", "average", "multiply"];

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Bidirectional",
    module: "bidirectional",
    doc: Doc {
        computes: "an `LSTM`, `GRU` or `SimpleRNN` that reads forwards and one that reads backwards; `merge` is `concat`, `sum`, `average` or `multiply`",
        shape: "`[steps, a]` to the shape of `layer`, twice as wide with `concat`",
        keras: "`Bidirectional`",
        torch: "`bidirectional=True`",
        also: &["BiRNN", "BidirectionalRNN"],
        onnx: Onnx::since(16, &["LSTM", "GRU", "RNN", "Gather", "Transpose", "Squeeze", "Cast", "Mul", "Sub", "TopK", "Unsqueeze", "Expand", "GatherElements", "CumSum", "Slice", "ReduceSum", "Max", "Greater", "Where", "Reshape", "Concat", "Add", "Div", "MatMul", "Gemm"]),
    },
    parameters: &[
        Parameter::required(
            "layer",
            ArgumentKind::Layer {
                among: &["LSTM", "GRU", "SimpleRNN"],
                without: &["go_backwards"],
            },
        ),
        Parameter::optional("merge", ArgumentKind::Word(MERGES)).or("concat"),
    ],
    output,
    count,
    flops,
    held,
    sizes,
    form: Form {
        inner: Some(Inner { input, of_step: false, fields: &["forward", "backward"] }),
        trains_differently: true,
        mask: MaskRule::Reads,
        ..Form::STATELESS
    },
};

/// Both directions read the whole sequence.
pub const fn input(input: &Shape) -> Result<Shape, Text> {
    match recurrent::sequences_only("Bidirectional", input) {
        Some(text) => Err(text),
        None => Ok(input.with_mask(false)),
    }
}

/// The output of one direction, twice as wide if both are concatenated.
pub const fn output(_: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let one = arguments[0].layer().output;
    Ok(one.with(one.rank().saturating_sub(1), width(arguments)))
}

/// The parameters of both directions.
pub const fn count(_: &Shape, arguments: &[Value]) -> Size {
    arguments[0].layer().count.times(Size::Known(2))
}

/// The operations of both directions, and of the merge.
pub const fn flops(_: &Shape, arguments: &[Value]) -> Size {
    let one = arguments[0].layer();
    let each = match arguments[1].index_among(MERGES) {
        0 => 0,
        2 => 2,
        _ => 1,
    };
    one.flops.times(Size::Known(2)).plus(one.output.elements().times(Size::Known(each)))
}

/// What one direction holds, and the outputs of both.
pub const fn held(_: &Shape, arguments: &[Value]) -> Size {
    let one = arguments[0].layer();
    one.held.plus(one.output.elements().times(Size::Known(2)))
}

/// `Bidirectional<Layer, WIDTH, MERGE>`.
pub const fn sizes(_: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of(&[width(arguments), Size::Known(arguments[1].index_among(MERGES))])
}

const fn width(arguments: &[Value]) -> Size {
    let units = arguments[0].layer().output.last();
    match arguments[1].index_among(MERGES) {
        0 => units.times(Size::Known(2)),
        _ => units,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nested;

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]);

    const fn inner(output: Shape) -> Value {
        Value::Layer(Nested {
            output,
            count: Size::Known(100),
            flops: Size::Known(1000),
            held: Size::Known(10),
        })
    }

    fn shown(inner: Value, merge: usize) -> String {
        let shape = output(&INPUT, &[inner, Value::Word(MERGES[merge])]).unwrap();
        Text::new("").shape(&shape).as_str().to_string()
    }

    #[test]
    fn side_by_side_is_twice_as_wide() {
        let last = inner(Shape::numbers(&[Size::Known(3)]));
        let every = inner(Shape::numbers(&[Size::Known(7), Size::Known(3)]));
        assert_eq!((shown(last, 0), shown(last, 1)), ("[6]".to_owned(), "[3]".to_owned()));
        assert_eq!((shown(every, 0), shown(every, 3)), ("[7, 6]".to_owned(), "[7, 3]".to_owned()));
        assert_eq!(count(&INPUT, &[last, Value::Absent]), Size::Known(200));
        assert_eq!(sizes(&INPUT, &[last, Value::Word(MERGES[2])]).at(0), Size::Known(3));
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        let text = input(&Shape::numbers(&[Size::Known(7)])).unwrap_err();
        assert!(text.as_str().starts_with("`Bidirectional` reads a sequence"), "{text:?}");
    }
}
