//! `GroupNorm`: normalises each group of channels to mean 0 and variance 1.

use super::{channels, channels_only, layer, layer_norm, Form, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range, Shape, Size, Text};

layer! {
    "GroupNorm", "group_norm";
    doc: Doc {
        computes: "each group of channels of a sample to mean 0 and variance 1, then scale and shift of each channel",
        shape: "`[a]`, `[steps, a]` or `[channels, height, width]`, unchanged",
        keras: "`GroupNormalization` (channels first for images)",
        torch: "`GroupNorm`",
        also: &["GroupNormalization"],
        onnx: Onnx::since(16, &["Reshape", "ReduceMean", "ReduceSum", "Cast", "Max", "Where", "Sub", "Mul", "Add", "Sqrt", "Div"]),
    },
    parameters: &[
        Parameter::required("groups", ArgumentKind::Size),
        Parameter::optional("epsilon", ArgumentKind::Number(Range::OpenUnitInterval)).or("0.001"),
    ],
    form: Form { settings: &["epsilon"], mask: MaskRule::Reads, ..Form::HOLDS_TENSORS },
    refuses: |name, input, arguments| match channels_only(name, input) {
        None => uneven(name, input, arguments[0].size()),
        refused => refused,
    },
    output: |input, _| *input,
    count: |input, _| channels(input).times(Size::Known(2)),
    flops: |input, _| input.elements().times(layer_norm::FLOPS),
    sizes: |input, arguments| Sizes::of(&[channels(input), arguments[0].size()]),
}

/// An error if the channels are not divisible by `groups`.
const fn uneven(layer: &str, input: &Shape, groups: Size) -> Option<Text> {
    if !channels(input).is_not_divided_by(groups) {
        return None;
    }
    let text = Text::new("the ").number(groups.get()).str(" groups of `").str(layer);
    let text = text.str("` do not divide the ").size(channels(input)).str(" channels of ");
    Some(text.shape(input).str("; take a number of groups that divides them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    const GROUPS: &[Value] = &[Value::Size(Size::Known(3)), Value::Absent];
    const IMAGE: Shape = Shape::numbers(&[Size::Known(6), Size::Unknown, Size::Known(5)]);

    fn error(input: Shape) -> String {
        output(&input, GROUPS).unwrap_err().as_str().to_string()
    }

    #[test]
    fn the_shape_stays_and_two_numbers_a_channel_are_learned() {
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, GROUPS);
        assert!(!OUTPUT.unwrap().differs(&IMAGE));
        assert_eq!(count(&IMAGE, GROUPS), Size::Known(12));
        assert_eq!(sizes(&IMAGE, GROUPS).at(0), Size::Known(6));
        let steps = Shape::numbers(&[Size::Known(4), Size::Known(9)]);
        assert_eq!(sizes(&steps, GROUPS).at(0), Size::Known(9));
        assert_eq!(sizes(&steps, GROUPS).at(1), Size::Known(3));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            error(Shape::numbers(&[Size::Known(3), Size::Known(4)])),
            "the 3 groups of `GroupNorm` do not divide the 4 channels of [3, 4]; take a number of \
             groups that divides them"
        );
        assert_eq!(
            error(IMAGE.push(Size::Known(7))),
            "`GroupNorm` takes [features], [steps, features] or [channels, height, width], but what \
             flows in is [6, ?, 5, 7]; put `Flatten` before it"
        );
        let text = error(Shape::categories(&[]));
        assert!(text.starts_with("`GroupNorm` computes with numbers"), "{text}");
    }
}
