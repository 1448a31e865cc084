//! `Flatten`: all numbers of a sample in one row.

use super::{numbers_only, Form, Layer, Sizes};
use crate::{Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Flatten",
    module: "flatten",
    doc: "All numbers of a sample in one row; changes nothing where they are.",
    parameters: &[],
    output,
    count,
    sizes,
    form: Form::STATELESS,
};

/// `[elements]`.
pub const fn output(input: &Shape, _: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("Flatten", input) {
        return Err(text);
    }
    Ok(Shape::numbers(&[input.elements()]))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `Flatten<ELEMENTS>`.
pub const fn sizes(input: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[input.elements()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_are_counted() {
        const FLAT: Result<Shape, Text> =
            output(&Shape::numbers(&[Size::Known(3), Size::Known(4), Size::Known(5)]), &[]);
        assert_eq!(Text::new("").shape(&FLAT.unwrap()).as_str(), "[60]");
        let unknown = output(&Shape::numbers(&[Size::Known(3), Size::Unknown]), &[]).unwrap();
        assert_eq!(Text::new("").shape(&unknown).as_str(), "[?]");
    }

    #[test]
    fn categories_are_refused() {
        assert_eq!(
            output(&Shape::categories(&[Size::Known(3)]), &[]).unwrap_err().as_str(),
            "`Flatten` computes with numbers, but what flows in is [3] categories; put \
             `Embedding(categories, width)` before it"
        );
    }
}
