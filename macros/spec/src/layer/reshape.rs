//! `Reshape`: the same elements with other dimensions.

use super::{layer, numbers_only, Form, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Shape, Size, Text, Value, MAX_RANK};

layer! {
    "Reshape", "reshape";
    doc: Doc {
        computes: "the same numbers in the same order, with other axes",
        shape: "any to `[sizes, ..]`",
        keras: "`Reshape`",
        torch: "`Unflatten`",
        also: &["View", "Unflatten"],
        onnx: Onnx::since(14, &["Reshape"]),
    },
    parameters: &[Parameter::required("sizes", ArgumentKind::Sizes)],
    form: Form { shape_argument: true, ..Form::STATELESS },
    refuses: |name, input, arguments| match numbers_only(name, input) {
        None => refused(input, arguments),
        refused => refused,
    },
    output: |_, arguments| target(arguments),
    flops: |_, _| Size::Known(0),
    sizes: |_, arguments| Sizes::of_shape(&target(arguments)),
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

/// An error if the given sizes do not hold the number of input elements.
const fn refused(input: &Shape, arguments: &[Value]) -> Option<Text> {
    if arguments.len() > MAX_RANK {
        let text = Text::new("`Reshape` takes at most ").number(MAX_RANK);
        return Some(text.str(" sizes, but got ").number(arguments.len()));
    }
    let output = target(arguments);
    if !output.elements().differs(input.elements()) {
        return None;
    }
    let text = Text::new("`Reshape` to ").shape(&output).str(" gives ").size(output.elements());
    let text = text.str(" numbers, but what flows in is ").shape(input);
    Some(text.str(", which has ").size(input.elements()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

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
