//! `GlobalMaxPool1D`: the maximum of each feature over the steps.

use super::{conv1d::sequences_only, layer, Form};
use crate::{Doc, MaskRule, Onnx, Shape};

layer! {
    "GlobalMaxPool1D", "global_max_pool1d";
    doc: Doc {
        computes: "the maximum of each feature over the steps",
        shape: "`[steps, a]` to `[a]`",
        keras: "`GlobalMaxPooling1D`",
        torch: "`AdaptiveMaxPool1d(1)` (channels first)",
        also: &["GlobalMaxPooling1D", "AdaptiveMaxPool1d"],
        onnx: Onnx::since(16, &["Reshape", "Where", "ReduceMax", "Cast", "ReduceSum", "Greater"]),
    },
    form: Form { mask: MaskRule::Reads, ..Form::STATELESS },
    refuses: |name, input, _| sequences_only(name, input),
    output: |input, _| Shape::numbers(&[input.dim(1)]),
    flops: |input, _| input.elements(),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, Text};

    #[test]
    fn one_number_for_each_feature_is_left() {
        const OUTPUT: Result<Shape, Text> =
            output(&Shape::numbers(&[Size::Unknown, Size::Known(4)]), &[]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert_eq!(count(&Shape::numbers(&[]), &[]), Size::Known(0));
    }

    #[test]
    fn vectors_and_categories_are_refused() {
        let error = output(&Shape::numbers(&[Size::Known(12)]), &[]).unwrap_err();
        assert_eq!(
            error.as_str(),
            "`GlobalMaxPool1D` takes a sequence [steps, features], but what flows in is [12]; put \
             `Reshape(steps, features)` before it"
        );
        let error = output(&Shape::categories(&[Size::Known(4)]), &[]).unwrap_err();
        assert!(error.as_str().starts_with("`GlobalMaxPool1D` computes with numbers"), "{error:?}");
    }
}
