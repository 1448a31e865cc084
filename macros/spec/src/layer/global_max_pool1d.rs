//! `GlobalMaxPool1D`: the largest number of every feature.

use super::{conv1d::sequences_only, Form, Layer, Sizes};
use crate::{MaskRule, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "GlobalMaxPool1D",
    module: "global_max_pool1d",
    doc: "The largest number of every feature.",
    parameters: &[],
    output,
    count,
    sizes,
    form: Form { mask: MaskRule::Reads, ..Form::STATELESS },
};

/// `[steps, features]` becomes `[features]`.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = sequences_only("GlobalMaxPool1D", input) {
        return Err(text);
    }
    Ok(Shape::numbers(&[input.dim(1)]))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `GlobalMaxPool1D` fits every shape.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

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
