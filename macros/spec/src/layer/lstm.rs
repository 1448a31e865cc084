//! `LSTM`: long short-term memory.

use super::{layer, recurrent, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Size};

layer! {
    "LSTM", "lstm";
    doc: Doc {
        computes: "long short-term memory over the steps",
        shape: "`[steps, a]` to `[units]`, with `return_sequences` to `[steps, units]`",
        keras: "`LSTM`",
        torch: "`LSTM`",
        also: &["LSTMCell", "CuDNNLSTM", "BasicLSTMCell"],
        onnx: Onnx::since(16, &["LSTM", "Gather", "Transpose", "Squeeze", "Cast", "Mul", "Sub", "TopK", "Unsqueeze", "Expand", "GatherElements", "CumSum", "ReduceSum", "Max", "Greater", "Where", "Reshape"]),
    },
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        recurrent::RETURN_SEQUENCES,
        recurrent::GO_BACKWARDS,
        recurrent::DROPOUT,
    ],
    form: recurrent::FORM,
    refuses: |name, input, _| recurrent::sequences_only(name, input),
    output: |input, arguments| recurrent::output(input, arguments[0].size(), &arguments[1]),
    // Four gates: input, forget, cell and output.
    count: |input, arguments| recurrent::count(input, arguments[0].size(), 4, 1),
    // Four gates and the new cell through activations; three products and a sum.
    flops: |input, arguments| recurrent::flops(input, arguments[0].size(), 4, 1, Size::Known(9)),
    held: |input, arguments| recurrent::held(input, arguments[0].size(), 4),
    sizes: |input, arguments| {
        let (units, gates) = (arguments[0].size(), arguments[0].size().times(Size::Known(4)));
        let flags = [recurrent::flag(&arguments[1]), recurrent::flag(&arguments[2])];
        Sizes::of(&[input.last(), units, gates, flags[0], flags[1]])
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(100), Size::Known(64)]);
    const LAST: &[Value] =
        &[Value::Size(Size::Known(32)), Value::Absent, Value::Absent, Value::Absent];
    const ALL: &[Value] =
        &[Value::Size(Size::Known(32)), Value::Flag(true), Value::Flag(true), Value::Number(0.5)];

    fn shown(input: Shape, arguments: &[Value]) -> String {
        match output(&input, arguments) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn the_last_step_or_all_come_out() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, LAST);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[32]");
        assert_eq!(shown(INPUT, ALL), "[100, 32]");
        assert_eq!(shown(Shape::numbers(&[Size::Unknown, Size::Unknown]), ALL), "[?, 32]");
    }

    #[test]
    fn sizes_and_count_are_those_of_four_gates() {
        const COUNT: Size = count(&INPUT, LAST);
        assert_eq!(COUNT, Size::Known(12_416), "as Keras counts");
        const SIZES: Sizes = sizes(&INPUT, ALL);
        let sizes: Vec<usize> = (0..SIZES.len()).map(|i| SIZES.at(i).get()).collect();
        assert_eq!(sizes, [64, 32, 128, 1, 1]);
        assert_eq!(super::sizes(&INPUT, LAST).at(3), Size::Known(0));
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        assert_eq!(
            shown(Shape::numbers(&[Size::Known(3), Size::Known(8), Size::Known(9)]), LAST),
            "`LSTM` reads a sequence, [steps, features], but what flows in is [3, 8, 9]; put \
             `Reshape(steps, features)` before it"
        );
        assert_eq!(
            shown(Shape::numbers(&[Size::Known(10)]), LAST),
            "`LSTM` reads a sequence, [steps, features], but what flows in is [10]; declare an \
             input of steps, such as `[[f32; 10]; steps]` or `[u32; steps]`, put \
             `Reshape(steps, features)` before it, or give a recurrent layer before it \
             `return_sequences = true`"
        );
        assert_eq!(
            shown(Shape::categories(&[Size::Known(7)]), LAST),
            "`LSTM` computes with numbers, but what flows in is [7] categories; put \
             `Embedding(categories, width)` before it"
        );
    }
}
