//! `PositionalEmbedding`: adds a learned vector to each step.

use super::{layer, recurrent::sequences_only, Form, Sizes};
use crate::{Doc, MaskRule, Onnx};

layer! {
    "PositionalEmbedding", "positional_embedding";
    doc: Doc {
        computes: "adds a learned vector for each position",
        shape: "`[steps, a]`, unchanged",
        keras: "`Embedding` of the positions, added",
        torch: "`Embedding` of the positions, added",
        also: &["PositionEmbedding", "PositionalEncoding", "PositionEncoding", "LearnedPositionalEmbedding"],
        onnx: Onnx::since(14, &["Add"]),
    },
    form: Form { mask: MaskRule::Keeps, ..Form::HOLDS_TENSORS },
    refuses: |name, input, _| sequences_only(name, input),
    output: |input, _| *input,
    count: |input, _| input.elements(),
    flops: |input, _| input.elements(),
    sizes: |input, _| Sizes::of(&[input.dim(0), input.dim(1)]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size, Text};

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
