//! `Dropout`: sets elements to 0 at random in training.

use super::{layer, numbers_only, Form};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Size};

layer! {
    "Dropout", "dropout";
    doc: Doc {
        computes: "in training, 0 with probability `rate`, else `x / (1 - rate)`",
        shape: "unchanged",
        keras: "`Dropout`",
        torch: "`Dropout`",
        also: &["Drop"],
        onnx: Onnx::Nothing,
    },
    parameters: &[Parameter::required("rate", ArgumentKind::Number(Range::Fraction))],
    form: Form {
        trains_differently: true,
        random: true,
        settings: &["rate"],
        mask: MaskRule::Keeps,
        ..Form::STATELESS
    },
    refuses: |name, input, _| numbers_only(name, input),
    output: |input, _| *input,
    flops: |_, _| Size::Known(0),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);

    #[test]
    fn the_shape_stays() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Number(0.5)]);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
    }

    #[test]
    fn categories_are_refused() {
        let error = output(&Shape::categories(&[]), &[Value::Number(0.5)]).unwrap_err();
        assert!(error.as_str().starts_with("`Dropout` computes with numbers"), "{error:?}");
    }
}
