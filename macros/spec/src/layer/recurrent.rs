//! Common parts of recurrent layers, which read `[steps, features]` step by step.

use super::{linear_flops, numbers_only, Form};
use crate::{ArgumentKind, MaskRule, Parameter, Range, Shape, Size, Text, Value};

pub(super) const RETURN_SEQUENCES: Parameter =
    Parameter::optional("return_sequences", ArgumentKind::Flag).or("false");
pub(super) const GO_BACKWARDS: Parameter =
    Parameter::optional("go_backwards", ArgumentKind::Flag).or("false");
pub(super) const DROPOUT: Parameter =
    Parameter::optional("dropout", ArgumentKind::Number(Range::Fraction)).or("0");

/// A layer that reads a mask and has dropout.
pub(super) const FORM: Form = Form {
    trains_differently: true,
    random: true,
    settings: &["dropout"],
    mask: MaskRule::Reads,
    ..Form::HOLDS_TENSORS
};

/// An error if the input of `layer` is not a numeric sequence.
pub(super) const fn sequences_only(layer: &str, input: &Shape) -> Option<Text> {
    if let Some(text) = numbers_only(layer, input) {
        return Some(text);
    }
    if input.rank() == 2 {
        return None;
    }
    let text = Text::new("`")
        .str(layer)
        .str("` reads a sequence, [steps, features], but what flows in is ")
        .shape(input);
    Some(match input.rank() {
        1 => {
            let text = text.str("; declare an input of steps, such as `[[f32; ");
            let text = match input.last() {
                Size::Known(number) => text.number(number),
                Size::Unknown => text.str("features"),
            };
            text.str("]; steps]` or `[u32; steps]`, put `Reshape(steps, features)` before it, or ")
                .str("give a recurrent layer before it `return_sequences = true`")
        }
        _ => text.str("; put `Reshape(steps, features)` before it"),
    })
}

/// `[units]` after the last step, or `[steps, units]`.
pub(super) const fn output(input: &Shape, units: Size, return_sequences: &Value) -> Shape {
    match return_sequences.flag_or(false) {
        true => input.with(1, units),
        false => Shape::numbers(&[units]),
    }
}

/// The weights of all gates, with `biases` biases per unit and gate.
pub(super) const fn count(input: &Shape, units: Size, gates: usize, biases: usize) -> Size {
    let each = input.last().plus(units).plus(Size::Known(biases));
    each.times(units).times(Size::Known(gates))
}

/// The operations of all steps: the weights and biases of all gates, and `pointwise` operations with
/// each unit.
pub(super) const fn flops(
    input: &Shape,
    units: Size,
    gates: usize,
    biases: usize,
    pointwise: Size,
) -> Size {
    let gates = units.times(Size::Known(gates));
    let linear = linear_flops(input.last().plus(units), gates, gates.times(Size::Known(biases)));
    linear.plus(units.times(pointwise)).times(input.dim(0))
}

/// The gates of all steps.
pub(super) const fn held(input: &Shape, units: Size, gates: usize) -> Size {
    input.dim(0).times(units).times(Size::Known(gates))
}

/// A flag as a const argument: 1 if set.
pub(super) const fn flag(value: &Value) -> Size {
    Size::Known(value.flag_or(false) as usize)
}
