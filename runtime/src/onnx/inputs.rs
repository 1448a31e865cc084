//! The raw inputs, and their preprocessing up to encoded columns.

use multi_input_base::Result;
use multi_input_data::{preprocess::Preprocessing, Content};
use multi_input_onnx::{DataType, Dim, Flow, Graph, Refusal, Value};

use super::refused;
use crate::definition;

/// An encoded column.
pub(super) struct Column {
    /// The values, with the mask of padded lists.
    pub(super) flow: Flow,
    /// Which rows have the input, `[batch, 1]` of `bool`; `None` if it is not optional.
    pub(super) present: Option<Value>,
}

/// Declares the inputs of a model and writes their preprocessing: a column for each input and each
/// derived node, in the order of a table.
pub(super) fn write(
    graph: &mut Graph,
    definition: &definition::Graph,
    _fitted: &Preprocessing,
) -> Result<Vec<Column>> {
    let columns = definition.inputs.iter().map(|input| {
        let dtype = match input.kind {
            Content::Numbers { .. } => DataType::Float,
            Content::Categories { .. } => DataType::Int64,
            _ => return Err(refused(input.name, Refusal::new("it is no number", "leave it out"))),
        };
        let sizes = input.shape.iter().map(|size| Dim::Known(*size));
        let shape: Vec<Dim> = std::iter::once(Dim::Batch).chain(sizes).collect();
        let value = graph.input(input.name, dtype, &shape, input.doc);
        let present = input.missing.map(|_| {
            let name = format!("{}.present", input.name);
            graph.input(&name, DataType::Bool, &[Dim::Batch, Dim::Known(1)], "whether it is there")
        });
        // A single number is a vector of one to the branch.
        let value = match (value.dtype, value.rank()) {
            (DataType::Float, 1) => graph.reshape(&value, &[1]),
            _ => value,
        };
        Ok(Column { flow: Flow::unmasked(value), present })
    });
    columns.collect()
}
