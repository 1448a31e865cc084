//! `RMSNorm`: normalises each row to a mean square of 1.

use super::{layer, vectors_only, Form, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Size};

layer! {
    "RMSNorm", "rms_norm";
    doc: Doc {
        computes: "`x / sqrt(mean(x^2) + epsilon)` along the last axis, then scale",
        shape: "`[a]` or `[steps, a]`, unchanged",
        keras: "`RMSNormalization`",
        torch: "`RMSNorm`",
        also: &["RMSNormalization"],
        onnx: Onnx::since(14, &["Mul", "ReduceMean", "Add", "Sqrt", "Div"]),
    },
    parameters: &[Parameter::optional("epsilon", ArgumentKind::Number(Range::OpenUnitInterval)).or("1e-6")],
    form: Form { settings: &["epsilon"], mask: MaskRule::Keeps, ..Form::HOLDS_TENSORS },
    refuses: |name, input, _| vectors_only(name, input),
    output: |input, _| *input,
    count: |input, _| input.last(),
    // The sum of squares (2), the division and the scale.
    flops: |input, _| input.elements().times(Size::Known(4)),
    sizes: |input, _| Sizes::of(&[input.last()]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);

    #[test]
    fn the_shape_stays_and_a_number_a_feature_is_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Absent]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, &[Value::Absent]), Size::Known(4));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            output(&INPUT.push(Size::Known(5)), &[Value::Absent]).unwrap_err().as_str(),
            "`RMSNorm` takes [features] or [steps, features], but what flows in is [3, 4, 5]; put \
             `Flatten` before it"
        );
    }
}
