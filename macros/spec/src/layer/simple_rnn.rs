//! `SimpleRNN`: a fully connected recurrent layer.

use super::{activation_flops, layer, recurrent, Form, Sizes};
use crate::{Activation, ArgumentKind, Doc, Onnx, Parameter, Size};

layer! {
    "SimpleRNN", "simple_rnn";
    doc: Doc {
        computes: "`h = activation(x W^T + h R^T + b)` over the steps",
        shape: "`[steps, a]` to `[units]`, with `return_sequences` to `[steps, units]`",
        keras: "`SimpleRNN`",
        torch: "`RNN`",
        also: &["RNN", "RNNCell", "SimpleRNNCell", "BasicRNNCell"],
        onnx: Onnx::since(16, &["RNN", "Gather", "Transpose", "Squeeze", "Cast", "Mul", "Sub", "TopK", "Unsqueeze", "Expand", "GatherElements", "CumSum", "Slice", "ReduceSum", "Max", "Greater", "Where", "Reshape", "MatMul", "Add", "Gemm", "Concat"]),
    },
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation).or("tanh"),
        recurrent::RETURN_SEQUENCES,
        recurrent::GO_BACKWARDS,
        recurrent::DROPOUT,
    ],
    form: Form {
        activation: true,
        inner_activation: true,
        default_activation: Activation::Tanh,
        ..recurrent::FORM
    },
    refuses: |name, input, _| recurrent::sequences_only(name, input),
    output: |input, arguments| recurrent::output(input, arguments[0].size(), &arguments[2]),
    count: |input, arguments| recurrent::count(input, arguments[0].size(), 1, 1),
    flops: |input, arguments| {
        let activated = activation_flops(&arguments[1], Activation::Tanh, Size::Known(1));
        recurrent::flops(input, arguments[0].size(), 1, 1, activated)
    },
    held: |input, arguments| recurrent::held(input, arguments[0].size(), 1),
    sizes: |input, arguments| {
        let flags = [recurrent::flag(&arguments[2]), recurrent::flag(&arguments[3])];
        Sizes::of(&[input.last(), arguments[0].size(), flags[0], flags[1]])
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]);
    const UNITS: Value = Value::Size(Size::Known(4));
    const ABSENT: Value = Value::Absent;
    const LAST: &[Value] = &[UNITS, ABSENT, ABSENT, ABSENT, ABSENT];
    const ALL: &[Value] =
        &[UNITS, Value::Activation(Activation::Relu), Value::Flag(true), ABSENT, ABSENT];

    #[test]
    fn the_last_step_or_all_come_out() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, LAST);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert!(!output(&INPUT, ALL).unwrap().differs(&INPUT.with(1, Size::Known(4))));
        assert_eq!(count(&INPUT, ALL), Size::Known(4 * (5 + 4 + 1)));
        let sizes = sizes(&INPUT, ALL);
        let sizes: Vec<usize> = (0..sizes.len()).map(|i| sizes.at(i).get()).collect();
        assert_eq!(sizes, [5, 4, 1, 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let text = output(&Shape::numbers(&[Size::Known(3)]), LAST).unwrap_err();
        assert!(text.as_str().starts_with("`SimpleRNN` reads a sequence, [steps"), "{text:?}");
    }
}
