//! `Flatten`: all elements of a sample on one axis.

use super::{layer, numbers_only, Sizes};
use crate::{Doc, Onnx, Shape, Size};

layer! {
    "Flatten", "flatten";
    doc: Doc {
        computes: "the same numbers on one axis",
        shape: "any to `[n]`",
        keras: "`Flatten`",
        torch: "`Flatten`",
        also: &["Flatten2D", "Flat", "Ravel"],
        onnx: Onnx::since(14, &["Reshape"]),
    },
    refuses: |name, input, _| numbers_only(name, input),
    output: |input, _| Shape::numbers(&[input.elements()]),
    flops: |_, _| Size::Known(0),
    sizes: |input, _| Sizes::of(&[input.elements()]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, Text};

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
