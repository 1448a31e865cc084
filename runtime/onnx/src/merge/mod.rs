//! Merges, one file each, and their table.

mod concat;
mod distance;
mod dot;
mod elementwise;

use multi_input_spec::{merge::Merge, Value as Argument};

use crate::{graph::Graph, layer::Flow, refusal::Refusal, tensor::Tensor, value::Value};

/// A translation of a merge.
type Write = fn(&mut Graph, &MergeCall<'_>) -> Result<Flow, Refusal>;

/// The translation of every merge of the spec that ONNX can express, by its name.
const MERGES: &[(&str, Write)] = &[
    ("add", elementwise::folded),
    ("average", elementwise::average),
    ("concat", concat::write),
    ("distance", distance::write),
    ("dot", dot::write),
    ("maximum", elementwise::extreme),
    ("minimum", elementwise::extreme),
    ("multiply", elementwise::folded),
    ("subtract", elementwise::folded),
    ("weighted", weighted),
];

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
    let (name, onnx, start) = (merge.spec.name, merge.spec.doc.onnx, graph.nodes.len());
    Refusal::check(name, onnx)?;
    let Some((_, write)) = MERGES.iter().find(|row| row.0 == name) else {
        return Err(Refusal::new(format!("`{name}` has no translation"), "report this"));
    };
    let flow = write(graph, merge)?;
    debug_assert_eq!(graph.operators_outside(start, onnx.operators()), [""; 0], "{name}");
    Ok(flow)
}

/// `weighted` computes nothing: the layer behind it takes both operands.
fn weighted(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let [list, weights] = &merge.operands[..] else {
        return Err(Refusal::new("`weighted` has two operands", "report this"));
    };
    let mask = match (list.flow.mask.clone(), weights.flow.mask.clone()) {
        (Some(list), Some(weights)) => Some(graph.and(&list, &weights)),
        (list, weights) => list.or(weights),
    };
    let weights = Some(weights.flow.value.clone());
    Ok(Flow { value: list.flow.value.clone(), mask, weights })
}

/// The mask of the output: along the steps the masks side by side, where all steps of an operand
/// without one count; else a step counts that counts in any operand.
fn mask_of(graph: &mut Graph, merge: &MergeCall<'_>, along_steps: bool) -> Option<Value> {
    if !merge.masked {
        return None;
    }
    if along_steps {
        let all = graph.constant(Tensor::bools(&[1], [true]));
        let masks = merge.operands.iter().map(|operand| {
            let Flow { value, mask, .. } = &operand.flow;
            let steps = value.row().first().copied().unwrap_or(1);
            mask.clone().unwrap_or_else(|| graph.expand_to_rows(&all, value, &[steps]))
        });
        let masks: Vec<Value> = masks.collect();
        return Some(graph.concat(&masks.iter().collect::<Vec<_>>(), 1));
    }
    let mut masks = merge.operands.iter().filter_map(|operand| operand.flow.mask.clone());
    let first = masks.next()?;
    Some(masks.fold(first, |any, mask| graph.or(&any, &mask)))
}
