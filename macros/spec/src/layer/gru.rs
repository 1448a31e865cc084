//! `GRU`: the gated recurrent unit.

use super::{layer, recurrent, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Size, Value};

layer! {
    "GRU", "gru";
    doc: Doc {
        computes: "gated recurrent units over the steps",
        shape: "`[steps, a]` to `[units]`, with `return_sequences` to `[steps, units]`",
        keras: "`GRU`",
        torch: "`GRU`",
        also: &["GRUCell", "CuDNNGRU"],
        onnx: Onnx::since(16, &["GRU", "Gather", "Transpose", "Squeeze", "Cast", "Mul", "Sub", "TopK", "Unsqueeze", "Expand", "GatherElements", "CumSum", "ReduceSum", "Max", "Greater", "Where", "Reshape"]),
    },
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        recurrent::RETURN_SEQUENCES,
        recurrent::GO_BACKWARDS,
        Parameter::optional("reset_after", ArgumentKind::Flag).or("true"),
        recurrent::DROPOUT,
    ],
    form: recurrent::FORM,
    refuses: |name, input, _| recurrent::sequences_only(name, input),
    output: |input, arguments| recurrent::output(input, arguments[0].size(), &arguments[1]),
    // Three gates: update, reset and candidate; a second bias with `reset_after`.
    count: |input, arguments| recurrent::count(input, arguments[0].size(), 3, biases(arguments)),
    // Three gates through activations; four products and sums of the new state, and the reset.
    flops: |input, arguments| {
        let pointwise = Size::Known(8);
        recurrent::flops(input, arguments[0].size(), 3, biases(arguments), pointwise)
    },
    held: |input, arguments| recurrent::held(input, arguments[0].size(), 3),
    sizes: |input, arguments| {
        let (units, gates) = (arguments[0].size(), arguments[0].size().times(Size::Known(3)));
        let flags = [recurrent::flag(&arguments[1]), recurrent::flag(&arguments[2])];
        let biases = Size::Known(biases(arguments));
        Sizes::of(&[input.last(), units, gates, biases, flags[0], flags[1]])
    },
}

/// With `reset_after`, the default, the recurrent sums have a bias of their own.
const fn biases(arguments: &[Value]) -> usize {
    1 + arguments[3].flag_or(true) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text};

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]);
    const AFTER: &[Value] =
        &[Value::Size(Size::Known(4)), Value::Absent, Value::Absent, Value::Absent, Value::Absent];
    const BEFORE: &[Value] = &[
        Value::Size(Size::Known(4)),
        Value::Flag(true),
        Value::Absent,
        Value::Flag(false),
        Value::Number(0.25),
    ];

    fn shown(input: Shape, arguments: &[Value]) -> String {
        match output(&input, arguments) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_string(),
            Err(text) => text.as_str().to_string(),
        }
    }

    #[test]
    fn the_last_step_or_all_come_out() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, AFTER);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert_eq!(shown(INPUT, BEFORE), "[7, 4]");
    }

    #[test]
    fn resetting_after_has_a_second_bias() {
        const SIZES: Sizes = sizes(&INPUT, BEFORE);
        let sizes: Vec<usize> = (0..SIZES.len()).map(|i| SIZES.at(i).get()).collect();
        assert_eq!(sizes, [5, 4, 12, 1, 1, 0]);
        assert_eq!(super::sizes(&INPUT, AFTER).at(3), Size::Known(2));
        assert_eq!(count(&INPUT, AFTER), Size::Known(3 * 4 * (5 + 4 + 2)));
        assert_eq!(count(&INPUT, BEFORE), Size::Known(3 * 4 * (5 + 4 + 1)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            shown(INPUT.push(Size::Known(2)), AFTER),
            "`GRU` reads a sequence, [steps, features], but what flows in is [7, 5, 2]; put \
             `Reshape(steps, features)` before it"
        );
    }
}
