//! One file per merge rule, and the table of them.

use crate::{Parameter, Shape, Text, Value};

pub mod concat;

/// Every rule that `#[merge(...)]` may name.
pub const MERGES: &[Merge] = &[concat::MERGE];

/// What the macro must know of a merge rule.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// The name in the DSL, e.g. `concat`; the runtime's function is `multi_input::merge::NAME`.
    pub name: &'static str,
    /// The name of this crate's module.
    pub module: &'static str,
    /// One line of documentation.
    pub doc: &'static str,
    /// The named arguments after the operands.
    pub parameters: &'static [Parameter],
    /// The least and, where there is one, the greatest number of operands.
    pub operands: (usize, Option<usize>),
    /// The output shape, or what is wrong.
    pub output: fn(&[Operand<'_>], &[Value]) -> Result<Shape, Text>,
    /// Whether it counts only the operands that are present in a row.
    pub counts_present: bool,
}

/// One operand of a merge.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The node, as the user calls it.
    pub name: &'a str,
    /// Its shape.
    pub shape: Shape,
}

/// The rule that the DSL calls `name`.
pub fn named(name: &str) -> Option<&'static Merge> {
    MERGES.iter().find(|merge| merge.name == name)
}

/// `axis` as a position: 0 is the first axis of a sample, -1 the last. `None` where there is none.
pub const fn position(axis: isize, rank: usize) -> Option<usize> {
    let position = if axis < 0 { axis + rank as isize } else { axis };
    if position < 0 || position >= rank as isize {
        None
    } else {
        Some(position as usize)
    }
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
