//! `Thresholds`: the thresholds between ordered classes.

use super::{layer, numbers_only, Form, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Text};

layer! {
    "Thresholds", "thresholds";
    doc: Doc {
        computes: "one number to the cumulative logits of `units + 1` grades, for the loss `ordinal`: the proportional odds model",
        shape: "`[1]` to `[units]`",
        keras: "`CoralOrdinal` of coral-ordinal",
        torch: "`CoralLayer` of coral-pytorch",
        also: &["CoralLayer", "CoralOrdinal"],
        onnx: Onnx::since(14, &["Pad", "Sub"]),
    },
    parameters: &[Parameter::required("units", ArgumentKind::Size)],
    form: Form::HOLDS_TENSORS,
    refuses: |name, input, _| one_number(name, input),
    output: |_, arguments| Shape::numbers(&[arguments[0].size()]),
    count: |_, arguments| arguments[0].size(),
    flops: |_, arguments| arguments[0].size(),
    sizes: |_, arguments| Sizes::of(&[arguments[0].size()]),
}

/// An error if the input of `layer` is not one number.
const fn one_number(layer: &str, input: &Shape) -> Option<Text> {
    if let Some(text) = numbers_only(layer, input) {
        return Some(text);
    }
    if input.rank() == 1 && !input.dim(0).differs(Size::Known(1)) {
        return None;
    }
    let text = Text::new("`").str(layer).str("` takes one number, but what flows in is ");
    Some(text.shape(input).str("; put `Dense(1, bias = false)` before it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    const UNITS: &[Value] = &[Value::Size(Size::Known(4))];

    #[test]
    fn one_number_becomes_logits() {
        const ONE: Shape = Shape::numbers(&[Size::Known(1)]);
        const OUTPUT: Result<Shape, Text> = output(&ONE, UNITS);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert_eq!(count(&ONE, UNITS), Size::Known(4));
    }

    #[test]
    fn several_numbers_are_refused() {
        assert_eq!(
            output(&Shape::numbers(&[Size::Known(3)]), UNITS).unwrap_err().as_str(),
            "`Thresholds` takes one number, but what flows in is [3]; put \
             `Dense(1, bias = false)` before it"
        );
    }
}
