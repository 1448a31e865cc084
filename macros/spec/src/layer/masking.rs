//! `Masking`: masks steps whose features all equal one value.

use super::{layer, recurrent::sequences_only, Form};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Range};

layer! {
    "Masking", "masking";
    doc: Doc {
        computes: "masks each step of which all features equal `value`, and makes them 0",
        shape: "`[steps, a]` to `[steps, a] masked`",
        keras: "`Masking`",
        torch: "",
        also: &[],
        onnx: Onnx::since(16, &["Equal", "Not", "Cast", "ReduceMax", "Greater", "Reshape", "Where", "And"]),
    },
    parameters: &[Parameter::optional("value", ArgumentKind::Number(Range::Finite)).or("0")],
    form: Form { mask: MaskRule::Sets, settings: &["value"], ..Form::STATELESS },
    refuses: |name, input, _| sequences_only(name, input),
    output: |input, _| input.with_mask(true),
    flops: |input, _| input.elements(),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Size, Text, Value};

    #[test]
    fn a_sequence_comes_out_masked() {
        const INPUT: Shape = Shape::numbers(&[Size::Known(7), Size::Unknown]);
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[Value::Absent]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[7, ?] masked");
        let text = output(&Shape::numbers(&[Size::Known(7)]), &[Value::Absent]).unwrap_err();
        assert!(text.as_str().starts_with("`Masking` reads a sequence"), "{text:?}");
    }
}
