//! `BatchNorm`: normalises each feature to mean 0 and variance 1 over the batch.

use super::{channels, channels_only, layer, Form, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Size};

layer! {
    "BatchNorm", "batch_norm";
    doc: Doc {
        computes: "each feature or channel to mean 0 and variance 1 over the batch, then scale and shift; in inference with running statistics",
        shape: "`[a]`, `[steps, a]` or `[channels, height, width]`, unchanged",
        keras: "`BatchNormalization`",
        torch: "`BatchNorm1d`, `BatchNorm2d`",
        also: &["BatchNormalization", "BatchNorm1D", "BatchNorm2D", "LazyBatchNorm1d", "LazyBatchNorm2d", "SyncBatchNorm", "bn"],
        onnx: Onnx::since(14, &["Sub", "Mul", "Add"]),
    },
    parameters: &[
        Parameter::optional("momentum", ArgumentKind::Number(Range::UnitInterval)).or("0.99"),
        Parameter::optional("epsilon", ArgumentKind::Number(Range::OpenUnitInterval)).or("0.001"),
    ],
    form: Form {
        trains_differently: true,
        batch_statistics: true,
        settings: &["momentum", "epsilon"],
        mask: MaskRule::Reads,
        ..Form::HOLDS_TENSORS
    },
    refuses: |name, input, _| channels_only(name, input),
    output: |input, _| *input,
    count: |input, _| channels(input).times(Size::Known(2)),
    // With the running statistics one scale and one shift.
    flops: |input, _| input.elements().times(Size::Known(2)),
    sizes: |input, _| Sizes::of(&[channels(input)]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text, Value};

    const INPUT: Shape = Shape::numbers(&[Size::Known(3), Size::Known(4)]);
    const DEFAULTS: &[Value] = &[Value::Absent, Value::Absent];

    fn error(input: Shape, momentum: Value, epsilon: Value) -> String {
        output(&input, &[momentum, epsilon]).unwrap_err().as_str().to_string()
    }

    #[test]
    fn the_shape_stays_and_two_numbers_a_feature_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, DEFAULTS);
        assert!(!OUTPUT.unwrap().differs(&INPUT));
        assert_eq!(count(&INPUT, DEFAULTS), Size::Known(8));
    }

    #[test]
    fn the_channels_of_an_image_are_its_features() {
        const IMAGE: Shape = Shape::numbers(&[Size::Known(3), Size::Unknown, Size::Known(5)]);
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, DEFAULTS);
        assert!(!OUTPUT.unwrap().differs(&IMAGE));
        assert_eq!(count(&IMAGE, DEFAULTS), Size::Known(6));
        assert_eq!(sizes(&IMAGE, DEFAULTS).at(0), Size::Known(3));
    }

    #[test]
    fn four_axes_and_categories_are_refused() {
        let four = INPUT.push(Size::Known(5)).push(Size::Known(6));
        assert_eq!(
            error(four, Value::Absent, Value::Absent),
            "`BatchNorm` takes [features], [steps, features] or [channels, height, width], but \
             what flows in is [3, 4, 5, 6]; put `Flatten` before it"
        );
        let text = error(Shape::categories(&[]), Value::Absent, Value::Absent);
        assert!(text.starts_with("`BatchNorm` computes with numbers"), "{text}");
    }
}
