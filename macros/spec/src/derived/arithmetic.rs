//! Arithmetic of inputs: `rooms / households`.

use super::{Derivation, Source};
use crate::{Doc, Kind, Onnx, Shape, Text};

/// The functions of arithmetic, with the number of their arguments.
pub const FUNCTIONS: &[(&str, usize)] =
    &[("abs", 1), ("ln", 1), ("log1p", 1), ("exp", 1), ("sqrt", 1), ("min", 2), ("max", 2)];

/// Its description. It is written as a formula, so it is no row of the table.
pub const DERIVATION: Derivation = Derivation {
    name: "arithmetic",
    type_name: "Arithmetic",
    doc: Doc {
        onnx: Onnx::since(
            16,
            &[
                "Add",
                "Sub",
                "Mul",
                "Div",
                "Neg",
                "Abs",
                "Log",
                "Exp",
                "Sqrt",
                "Less",
                "Greater",
                "GreaterOrEqual",
                "Equal",
                "Where",
                "Cast",
                "Unsqueeze",
                "Squeeze",
                "Reshape",
            ],
        ),
        ..Doc::new("the result of a formula")
    },
    parameters: &[],
    least: 1,
    takes,
    output: |_| Ok(Shape::numbers(&[])),
};

/// # Errors
/// An input whose rows hold no numbers.
pub const fn takes(source: &Source<'_>) -> Result<(), Text> {
    let of_numbers = match source.raw.kind {
        Kind::Numbers => !source.raw.is_list(),
        // One whole number.
        Kind::Categories => !source.raw.is_list() && source.raw.rank() == 0,
        _ => false,
    };
    if of_numbers {
        return Ok(());
    }
    let text = Text::new("arithmetic is of numbers, but `").str(source.name);
    Err(text.str("` is ").shape(&source.raw))
}

/// The shape of a result: that of the operands, among which single numbers are used for each
/// element.
pub const fn output(operands: &[Source<'_>]) -> Result<Shape, Text> {
    let mut shape = Shape::numbers(&[]);
    let mut given = 0;
    let mut i = 0;
    while i < operands.len() {
        let raw = &operands[i].raw;
        if raw.rank() > 0 && !raw.elements().is(1) {
            if shape.rank() == 0 {
                shape = as_numbers(raw);
                given = i;
            } else if shape.differs(&as_numbers(raw)) {
                let text = Text::new("arithmetic is element by element, but `");
                let text = text.str(operands[given].name).str("` is ").shape(&shape);
                let text = text.str(" and `").str(operands[i].name).str("` is ");
                return Err(text.shape(raw));
            }
        }
        i += 1;
    }
    Ok(shape)
}

/// Numbers of the same sizes.
const fn as_numbers(shape: &Shape) -> Shape {
    let mut numbers = Shape::numbers(&[]);
    let mut axis = 0;
    while axis < shape.rank() {
        numbers = numbers.push(shape.dim(axis));
        axis += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    fn source(name: &str, raw: Shape) -> Source<'_> {
        Source { name, raw, encoded: raw }
    }

    #[test]
    fn single_numbers_go_with_arrays() {
        let (one, three) = (Shape::numbers(&[]), Shape::numbers(&[Size::Known(3)]));
        let shape = |sources: &[Source<'_>]| match output(sources) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        };
        assert_eq!(shape(&[source("a", one), source("b", one)]), "one number");
        assert_eq!(shape(&[source("a", one), source("b", three)]), "[3]");
        let single = Shape::numbers(&[Size::Known(1)]);
        assert_eq!(shape(&[source("a", three), source("b", single)]), "[3]");
        let four = source("b", Shape::numbers(&[Size::Known(4)]));
        let said = "arithmetic is element by element, but `a` is [3] and `b` is [4]";
        assert_eq!(shape(&[source("a", three), four]), said);
        let unknown = source("b", Shape::numbers(&[Size::Unknown]));
        assert_eq!(shape(&[source("a", three), unknown]), "[3]");
    }

    #[test]
    fn numbers_are_taken() {
        let refusal = |raw: Shape| takes(&source("x", raw)).err().map(|t| t.as_str().to_owned());
        assert_eq!(refusal(Shape::numbers(&[Size::Known(3)])), None);
        assert_eq!(refusal(Shape::categories(&[])), None);
        let text = Shape::new(Kind::Texts, &[]);
        assert_eq!(refusal(text).unwrap(), "arithmetic is of numbers, but `x` is one text");
        let list = Shape::numbers(&[]).with_list(true);
        assert_eq!(
            refusal(list).unwrap(),
            "arithmetic is of numbers, but `x` is a list of numbers"
        );
    }
}
