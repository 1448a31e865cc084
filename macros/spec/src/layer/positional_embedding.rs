//! `PositionalEmbedding`: a learned vector for each step, added to what stands there.

use super::{recurrent, Form, Layer, Sizes};
use crate::{MaskRule, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "PositionalEmbedding",
    module: "positional_embedding",
    doc: "Adds a learned vector to each step of a sequence, so that its place can be told.",
    parameters: &[],
    output,
    count,
    sizes,
    form: Form { holds_tensors: true, mask: MaskRule::Keeps, ..Form::STATELESS },
};

/// The input's shape.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    match recurrent::sequences_only("PositionalEmbedding", input) {
        Some(text) => Err(text),
        None => Ok(*input),
    }
}

/// A vector for each step.
pub const fn count(input: &Shape, _: &[Value]) -> Size {
    input.elements()
}

/// `PositionalEmbedding<STEPS, FEATURES, ..>`.
pub const fn sizes(input: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[input.dim(0), input.dim(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]);

    #[test]
    fn the_shape_stays_and_each_step_has_a_vector() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, &[]), Size::Known(35));
        assert_eq!(sizes(&INPUT, &[]).at(0), Size::Known(7));
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        let text = output(&Shape::numbers(&[Size::Known(7)]), &[]).unwrap_err();
        assert!(text.as_str().starts_with("`PositionalEmbedding` reads a sequence"), "{text:?}");
    }
}
