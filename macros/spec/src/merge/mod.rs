//! Merge rules, one file each, and their table.

use crate::{Doc, Kind, Parameter, Shape, Size, Text, Value};

pub mod add;
pub mod average;
pub mod concat;
pub mod distance;
pub mod dot;
mod elementwise;
pub mod maximum;
pub mod minimum;
pub mod multiply;
pub mod own;
pub mod subtract;
pub mod weighted;

/// Every rule for `#[merge(...)]`.
pub const MERGES: &[Merge] = &[
    concat::MERGE,
    add::MERGE,
    subtract::MERGE,
    multiply::MERGE,
    average::MERGE,
    maximum::MERGE,
    minimum::MERGE,
    dot::MERGE,
    distance::MERGE,
    weighted::MERGE,
];

/// A merge rule, as the macro knows it.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// The name in the DSL, e.g. `concat`; the runtime's function is `multi_input::merge::NAME`, except
    /// that the layer after `weighted` computes it.
    pub name: &'static str,
    /// The name of this crate's module.
    pub module: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// The named arguments after the operands.
    pub parameters: &'static [Parameter],
    /// The minimum number of operands, and the maximum if there is one.
    pub operands: (usize, Option<usize>),
    /// The output shape, or an error.
    pub output: fn(&[Operand<'_>], &[Value]) -> Result<Shape, Text>,
    /// The floating-point operations of a prediction; see [`cost`](crate::cost).
    pub flops: fn(&[Operand<'_>], &[Value]) -> Size,
    /// Whether it uses only the operands that are present in a row.
    pub counts_present: bool,
    /// Its effect on the operands' masks.
    pub masks: MaskMerge,
}

/// The effect of a merge on the masks of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskMerge {
    /// A step counts if it counts in any operand; without a mask on every operand the output has
    /// none.
    Any,
    /// Like [`Any`](MaskMerge::Any), but a step uses only the operands in which it is not masked.
    Chosen,
    /// Concatenates the masks along the steps; along another axis like [`Any`](MaskMerge::Any).
    Joined,
    /// A step counts if it counts in every masked operand.
    Both,
    /// The output has no steps, so masked operands are an error.
    Refused,
}

/// An operand of a merge.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The node, as the user calls it.
    pub name: &'a str,
    /// Its shape.
    pub shape: Shape,
}

/// The rule with the DSL name `name`.
pub fn named(name: &str) -> Option<&'static Merge> {
    MERGES.iter().find(|merge| merge.name == name)
}

/// The index of `axis`: 0 is the first axis of a sample, -1 the last. `None` if out of range.
pub const fn position(axis: isize, rank: usize) -> Option<usize> {
    let position = if axis < 0 { axis + rank as isize } else { axis };
    if position < 0 || position >= rank as isize {
        None
    } else {
        Some(position as usize)
    }
}

/// The error for an axis of `merge` that an operand does not have.
pub const fn no_axis(merge: &str, axis: isize, operands: &[Operand<'_>]) -> Text {
    let text = Text::new("`").str(merge).str("` has no axis ").axis(axis).str(" in ");
    list(text, operands).str("; 0 is the first and -1 the last")
}

/// Appends `measurements: [32], district: [16]`.
pub const fn list(mut text: Text, operands: &[Operand<'_>]) -> Text {
    let mut i = 0;
    while i < operands.len() {
        if i > 0 {
            text = text.str(", ");
        }
        text = text.str("`").str(operands[i].name).str(": ").shape(&operands[i].shape).str("`");
        i += 1;
    }
    text
}

/// An error if an operand of `merge` is category indices.
pub const fn reject_categories(merge: &str, operands: &[Operand<'_>]) -> Option<Text> {
    let mut i = 0;
    while i < operands.len() {
        let operand = &operands[i];
        if matches!(operand.shape.kind, Kind::Categories) {
            let text = Text::new("`")
                .str(merge)
                .str("` computes with numbers, but `")
                .str(operand.name)
                .str("` is ")
                .shape(&operand.shape);
            return Some(text.str("; put an `Embedding` on it"));
        }
        i += 1;
    }
    None
}

/// Whether every operand has a mask.
pub(crate) const fn all_masked(operands: &[Operand<'_>]) -> bool {
    let mut i = 0;
    while i < operands.len() {
        if !operands[i].shape.is_masked() {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    #[test]
    fn every_rule_is_found_by_its_name_and_gives_its_shape_in_its_own_name() {
        let number = Operand { name: "a", shape: Shape::numbers(&[Size::Known(3)]) };
        let category = Operand { name: "b", shape: Shape::categories(&[]) };
        let absent = [Value::Absent, Value::Absent];
        for merge in MERGES {
            assert_eq!(named(merge.name).unwrap().module, merge.module);
        }
        for merge in MERGES.iter().filter(|merge| merge.name != "weighted") {
            assert!((merge.output)(&[number, number], &absent).is_ok(), "{}", merge.name);
            let error = (merge.output)(&[number, category], &absent).unwrap_err();
            assert!(error.as_str().starts_with(&format!("`{}` ", merge.name)), "{error:?}");
            assert!(error.as_str().ends_with("is one category; put an `Embedding` on it"));
        }
        assert!(named("glue").is_none());
    }

    #[test]
    fn axes_count_from_both_ends() {
        assert_eq!(position(0, 2), Some(0));
        assert_eq!(position(-1, 2), Some(1));
        assert_eq!(position(2, 2), None);
        assert_eq!(position(-3, 2), None);
    }
}
