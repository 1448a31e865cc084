//! Merges, one file each, and their table.

mod concat;

use multi_input_spec::{merge::Merge, Value as Argument};

use crate::{graph::Graph, layer::Flow, refusal::Refusal, value::Value};

/// A translation of a merge.
type Write = fn(&mut Graph, &MergeCall<'_>) -> Result<Flow, Refusal>;

/// The translation of every merge of the spec that ONNX can express, by its name.
const MERGES: &[(&str, Write)] = &[("concat", concat::write)];

/// A merge to be written.
#[derive(Debug)]
pub struct MergeCall<'a> {
    /// Its row of the spec.
    pub spec: &'static Merge,
    /// The argument of each parameter.
    pub arguments: &'a [Argument],
    /// Its operands.
    pub operands: Vec<Operand>,
    /// The sizes of a row of its output.
    pub output: &'a [usize],
    /// Whether its output has a mask.
    pub masked: bool,
}

/// An operand of a merge.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The values with their mask.
    pub flow: Flow,
    /// For a merge of the operands that are present: which rows have this one, `[batch, 1]` of `bool`;
    /// `None` if all have.
    pub present: Option<Value>,
}

/// Appends the operators of a merge.
///
/// # Errors
/// A [`Refusal`] if ONNX cannot express it.
pub fn write(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let name = merge.spec.name;
    Refusal::check(name, merge.spec.doc.onnx)?;
    match MERGES.iter().find(|row| row.0 == name) {
        Some((_, write)) => write(graph, merge),
        None => Err(Refusal::new(format!("`{name}` has no translation"), "report this")),
    }
}
