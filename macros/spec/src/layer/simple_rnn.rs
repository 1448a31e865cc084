//! `SimpleRNN`: a layer that takes its own output of the step before as a further input.

use super::{recurrent, Form, Layer, Sizes};
use crate::{Activation, ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "SimpleRNN",
    module: "simple_rnn",
    doc: "Reads a sequence step by step: h = activation(x W^T + h R^T + b), `units` numbers.",
    parameters: &[
        Parameter::required("units", ArgumentKind::Size),
        Parameter::optional("activation", ArgumentKind::Activation),
        Parameter::optional("return_sequences", ArgumentKind::Flag),
        Parameter::optional("go_backwards", ArgumentKind::Flag),
        Parameter::optional("dropout", ArgumentKind::Number(Range::Fraction)),
    ],
    output,
    count,
    sizes,
    form: Form {
        holds_tensors: true,
        activation: true,
        inner_activation: true,
        default_activation: Activation::Tanh,
        trains_differently: true,
        random: true,
        settings: &["dropout"],
        mask: MaskRule::Reads,
        ..Form::STATELESS
    },
};

/// `[units]`, or `[steps, units]` with `return_sequences`.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    recurrent::output("SimpleRNN", input, arguments[0].size(), &arguments[2])
}

/// One weighted sum for each unit.
pub const fn count(input: &Shape, arguments: &[Value]) -> Size {
    recurrent::count(input, arguments[0].size(), 1, 1)
}

/// `SimpleRNN<INPUTS, UNITS, SEQUENCES, BACKWARDS, ..>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of(&[
        input.last(),
        arguments[0].size(),
        recurrent::flag(&arguments[2]),
        recurrent::flag(&arguments[3]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

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
