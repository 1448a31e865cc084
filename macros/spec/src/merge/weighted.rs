//! `weighted`: a list of categories, each with a weight.

use super::{MaskMerge, Merge, Operand};
use crate::{Doc, Kind, Onnx, Shape, Size, Text, Value};

/// The row of the table.
pub const MERGE: Merge = Merge {
    name: "weighted",
    module: "weighted",
    doc: Doc {
        computes: "a list of categories with a weight for each, for `EmbeddingBag(.., sum)`: the sum of the vectors of `a`, each times its number in `b`",
        shape: "`[steps]` categories and `[steps]` or `[steps, 1]` to `[steps]` categories",
        keras: "",
        torch: "`per_sample_weights`",
        also: &["per_sample_weights"],
        onnx: Onnx::since(7, &["And"]),
    },
    parameters: &[],
    operands: (2, Some(2)),
    output,
    flops,
    counts_present: false,
    masks: MaskMerge::Both,
};

/// The categories, masked where one of the operands is.
pub const fn output(operands: &[Operand<'_>], _: &[Value]) -> Result<Shape, Text> {
    let (list, weights) = (&operands[0].shape, &operands[1].shape);
    if !matches!(list.kind, Kind::Categories) || list.rank() != 1 {
        return Err(Text::new("`weighted` takes a list of categories first, but `")
            .str(operands[0].name)
            .str("` is ")
            .shape(list));
    }
    let one_each = weights.rank() == 1 || weights.rank() == 2 && !is_several(weights);
    if !matches!(weights.kind, Kind::Numbers) || !one_each {
        return Err(Text::new("`weighted` takes one number for each category, but `")
            .str(operands[1].name)
            .str("` is ")
            .shape(weights));
    }
    if list.dim(0).differs(weights.dim(0)) {
        return Err(Text::new("`weighted` takes as many numbers as categories, but `")
            .str(operands[0].name)
            .str("` is ")
            .shape(list)
            .str(" and `")
            .str(operands[1].name)
            .str("` is ")
            .shape(weights)
            .str("; give both the same length"));
    }
    Ok(list.with_mask(list.is_masked() || weights.is_masked()))
}

/// Whether the last dimension is known not to be 1.
const fn is_several(weights: &Shape) -> bool {
    weights.last().differs(crate::Size::Known(1))
}

/// The layer after it multiplies.
pub const fn flops(_: &[Operand<'_>], _: &[Value]) -> Size {
    Size::Known(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    const LIST: Shape = Shape::categories(&[Size::Known(5)]);
    const WEIGHTS: Shape = Shape::numbers(&[Size::Known(5), Size::Known(1)]);

    fn shown(list: Shape, weights: Shape) -> String {
        let operands =
            [Operand { name: "visits", shape: list }, Operand { name: "amounts", shape: weights }];
        match output(&operands, &[]) {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        }
    }

    #[test]
    fn every_category_has_one_weight() {
        assert_eq!(shown(LIST, WEIGHTS), "[5] categories");
        assert_eq!(shown(LIST.with_mask(true), WEIGHTS), "[5] categories, masked");
        assert_eq!(shown(LIST, Shape::numbers(&[Size::Known(5)])), "[5] categories");
        assert_eq!(
            shown(LIST, Shape::numbers(&[Size::Known(4)])),
            "`weighted` takes as many numbers as categories, but `visits` is [5] categories and \
             `amounts` is [4]; give both the same length"
        );
        assert_eq!(
            shown(WEIGHTS, LIST),
            "`weighted` takes a list of categories first, but `visits` is [5, 1]"
        );
        let vectors = Shape::numbers(&[Size::Known(5), Size::Known(2)]);
        assert!(shown(LIST, vectors).ends_with("but `amounts` is [5, 2]"));
    }
}
