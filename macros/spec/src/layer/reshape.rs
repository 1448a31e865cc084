//! `Reshape`: the same numbers under other dimensions.

use super::{numbers_only, Form, Layer, Sizes};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value, MAX_RANK};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "Reshape",
    module: "reshape",
    doc: "The same numbers in the same order under other dimensions.",
    parameters: &[Parameter::required("sizes", ArgumentKind::Sizes)],
    output,
    count,
    sizes,
    form: Form { shape_argument: true, ..Form::STATELESS },
};

/// The given sizes, which must hold as many numbers as flow in.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("Reshape", input) {
        return Err(text);
    }
    if arguments.len() > MAX_RANK {
        return Err(Text::new("`Reshape` takes at most ")
            .number(MAX_RANK)
            .str(" sizes, but got ")
            .number(arguments.len()));
    }
    let output = target(arguments);
    if output.elements().differs(input.elements()) {
        return Err(Text::new("`Reshape` to ")
            .shape(&output)
            .str(" gives ")
            .size(output.elements())
            .str(" numbers, but what flows in is ")
            .shape(input)
            .str(", which has ")
            .size(input.elements()));
    }
    Ok(output)
}

const fn target(arguments: &[Value]) -> Shape {
    let mut target = Shape::numbers(&[]);
    let mut i = 0;
    while i < arguments.len() {
        target = target.push(arguments[i].size());
        i += 1;
    }
    target
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `Reshape<(Const<A>, Const<B>, ..)>`.
pub const fn sizes(_: &Shape, arguments: &[Value]) -> Sizes {
    Sizes::of_shape(&target(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Shape = Shape::numbers(&[Size::Known(12)]);

    const fn size(number: usize) -> Value {
        Value::Size(Size::Known(number))
    }

    #[test]
    fn the_sizes_are_the_shape() {
        const OUTPUT: Result<Shape, Text> = output(&INPUT, &[size(3), size(4)]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[3, 4]");
        let unknown = output(&INPUT, &[size(5), Value::Size(Size::Unknown)]).unwrap();
        assert_eq!(Text::new("").shape(&unknown).as_str(), "[5, ?]");
        assert_eq!(sizes(&INPUT, &[size(3), size(4)]).len(), 2);
    }

    #[test]
    fn another_number_of_elements_is_refused() {
        assert_eq!(
            output(&INPUT, &[size(5), size(2)]).unwrap_err().as_str(),
            "`Reshape` to [5, 2] gives 10 numbers, but what flows in is [12], which has 12"
        );
    }

    #[test]
    fn five_sizes_are_refused() {
        assert_eq!(
            output(&INPUT, &[size(1), size(1), size(1), size(3), size(4)]).unwrap_err().as_str(),
            "`Reshape` takes at most 4 sizes, but got 5"
        );
    }

    #[test]
    fn categories_are_refused() {
        let error = output(&Shape::categories(&[]), &[size(1)]).unwrap_err();
        assert!(error.as_str().starts_with("`Reshape` computes with numbers"), "{error:?}");
    }
}
