//! The preprocessing of a model in ONNX, and what the translations of several steps have in common.

use multi_input_onnx::{DataType, Flow, Graph, Refusal, Tensor, Value};

use super::Preprocessing;
use crate::schema::{OnnxSource, Step};

impl Preprocessing {
    /// [`encode_input`](Preprocessing::encode_input) in a graph: the raw values `flow` of an input
    /// become those that its branch takes, `float` or `int64`. `present` says which rows have the
    /// input, `[batch, 1]`.
    ///
    /// # Errors
    /// The refusal of a step without a translation.
    pub fn input_to_onnx(
        &self,
        index: usize,
        graph: &mut Graph,
        flow: Flow,
        present: Option<&Value>,
    ) -> Result<Flow, Refusal> {
        let encoded = self.inputs[index].to_onnx(graph, flow, present)?;
        Ok(rounded(graph, encoded))
    }

    /// The column of derived node `index` in a graph, as [`input_to_onnx`](Preprocessing::input_to_onnx)
    /// gives that of an input. `inputs` are all inputs before their steps; `None` is one that enters
    /// behind them.
    ///
    /// # Errors
    /// The refusal of the derivation or of a step.
    pub fn derived_to_onnx(
        &self,
        index: usize,
        graph: &mut Graph,
        inputs: &[Option<OnnxSource>],
    ) -> Result<Flow, Refusal> {
        let node = &self.schema.derived[index];
        let of = node.inputs.iter().map(|input| {
            inputs.get(*input).cloned().flatten().ok_or_else(|| {
                let name = self.schema.inputs.get(*input).map_or("", |input| input.name);
                Refusal::new(
                    format!("it is derived of `{name}`, which enters behind its preprocessing"),
                    format!("let it enter behind its preprocessing as well, or `{name}` raw"),
                )
            })
        });
        let of: Vec<OnnxSource> = of.collect::<Result<_, _>>()?;
        let value =
            graph.within(node.spec.name, |graph| node.derivation.to_onnx(node, graph, &of))?;
        let encoded = self.derived[index].to_onnx(graph, Flow::unmasked(value), None)?;
        Ok(rounded(graph, encoded))
    }

    /// [`restore_unit`](Preprocessing::restore_unit) in a graph, for predictions of `double` in
    /// `[batch, width]`.
    ///
    /// # Errors
    /// The refusal of a step whose inverse has no translation.
    pub fn restore_unit_in_onnx(
        &self,
        index: usize,
        graph: &mut Graph,
        predictions: Value,
    ) -> Result<Value, Refusal> {
        match self.targets.get(index) {
            Some(target) => target.inverse_to_onnx(graph, predictions),
            None => Ok(predictions),
        }
    }
}

/// The values in the precision of layers; single ones with an axis.
fn rounded(graph: &mut Graph, flow: Flow) -> Flow {
    let value = match flow.value.dtype {
        DataType::Double | DataType::Bool => graph.cast(&flow.value, DataType::Float),
        _ => flow.value.clone(),
    };
    let value = match (value.dtype, value.rank()) {
        (DataType::Float, 1) => graph.unsqueeze(&value, 1),
        _ => value,
    };
    flow.with(value)
}

/// A constant with a number for each index of the last axis of the values that `step` takes.
pub(super) fn by_column(graph: &mut Graph, step: &Step, numbers: &[f64]) -> Value {
    let dims = if step.input.rank() == 0 { &[][..] } else { &[numbers.len()] };
    graph.constant(Tensor::doubles(dims, numbers.iter().copied()))
}

/// The values that `compute` gives in double precision, rounded to their own precision.
pub(super) fn in_double(
    graph: &mut Graph,
    flow: Flow,
    compute: impl FnOnce(&mut Graph, &Value) -> Value,
) -> Flow {
    let double = graph.cast(&flow.value, DataType::Double);
    let computed = compute(graph, &double);
    let value = graph.cast(&computed, flow.value.dtype);
    flow.with(value)
}

/// The numbers 0 to `size - 1`.
pub(super) fn indices(graph: &mut Graph, size: usize) -> Value {
    graph.constant(Tensor::ints(&[size], 0..size as i64))
}
