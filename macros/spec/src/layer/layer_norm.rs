//! `LayerNorm`: normalises each row to mean 0 and variance 1.

use super::{layer, vectors_only, Form, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Size};

layer! {
    "LayerNorm", "layer_norm";
    doc: Doc {
        computes: "each row to mean 0 and variance 1 along the last axis, then scale and shift",
        shape: "`[a]` or `[steps, a]`, unchanged",
        keras: "`LayerNormalization`",
        torch: "`LayerNorm`",
        also: &["LayerNormalization", "LayerNorm1D", "ln"],
        onnx: Onnx::since(17, &["LayerNormalization"]),
    },
    parameters: &[Parameter::optional("epsilon", ArgumentKind::Number(Range::OpenUnitInterval)).or("0.001")],
    form: Form { settings: &["epsilon"], mask: MaskRule::Keeps, ..Form::HOLDS_TENSORS },
    refuses: |name, input, _| vectors_only(name, input),
    output: |input, _| *input,
    count: |input, _| input.last().times(Size::Known(2)),
    flops: |input, _| input.elements().times(FLOPS),
    sizes: |input, _| Sizes::of(&[input.last()]),
}

/// The operations for each number: the sums of the mean (1) and the variance (3), the division (1),
/// scale and shift (2).
pub(super) const FLOPS: Size = Size::Known(7);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);

    fn error(input: Shape, epsilon: Value) -> String {
        output(&input, &[epsilon]).unwrap_err().as_str().to_string()
    }

    #[test]
    fn the_shape_stays_and_two_numbers_a_feature_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Absent]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, &[Value::Absent]), Size::Known(8));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            error(INPUT.push(Size::Known(5)), Value::Absent),
            "`LayerNorm` takes [features] or [steps, features], but what flows in is [3, 4, 5]; \
             put `Flatten` before it"
        );
        let text = error(Shape::categories(&[]), Value::Absent);
        assert!(text.starts_with("`LayerNorm` computes with numbers"), "{text}");
    }
}
