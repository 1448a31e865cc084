//! What a file says of itself, for programs that read it.

use multi_input_base::{Error, Result};
use multi_input_onnx::{Dim, Value};
use serde::Serialize;

use crate::{checkpoint::Signature, definition::Graph, description::Description};

/// An input of the graph.
#[derive(Debug, Default, Serialize)]
pub(super) struct InputEntry {
    #[serde(flatten)]
    pub tensor: TensorEntry,
    /// The values that `predict` accepts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub accepts: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derived_from: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<serde_json::Value>,
}

/// An input or output of the graph.
#[derive(Debug, Default, Serialize)]
pub(super) struct TensorEntry {
    pub name: String,
    pub r#type: &'static str,
    pub shape: Vec<Axis>,
    pub field: &'static str,
    pub role: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub doc: &'static str,
}

/// The size of an axis, or its name.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Axis {
    Known(usize),
    Named(&'static str),
}

impl TensorEntry {
    /// The entry of a tensor. `axes` are the names of the axes behind the batch that a call chooses.
    pub(super) fn of(
        value: &Value,
        (field, doc): (&'static str, &'static str),
        role: &'static str,
        axes: &[&'static str],
    ) -> TensorEntry {
        let mut names = axes.iter();
        let axis = |dim: &Dim| match dim {
            Dim::Known(size) => Axis::Known(*size),
            Dim::Batch => Axis::Named("batch"),
            Dim::Named(name) => Axis::Named(names.next().copied().unwrap_or(name)),
        };
        TensorEntry {
            name: value.name.clone(),
            r#type: value.dtype.name(),
            shape: value.shape.iter().map(axis).collect(),
            field,
            role,
            doc,
        }
    }
}

/// The keys and values of a file.
pub(super) fn of(
    graph: &Graph,
    description: &Description,
    inputs: &[InputEntry],
    outputs: &[TensorEntry],
) -> Result<Vec<(String, String)>> {
    let entries = [
        ("multi_input.description", serde_json::to_string(description)),
        ("multi_input.signature", serde_json::to_string(&Signature::of(graph))),
        ("multi_input.inputs", serde_json::to_string(inputs)),
        ("multi_input.outputs", serde_json::to_string(outputs)),
    ];
    let entries = entries.into_iter().map(|(key, text)| match text {
        Ok(text) => Ok((key.to_owned(), text)),
        Err(error) => Err(Error::Settings(vec![format!("`{key}` is no JSON: {error}")])),
    });
    entries.collect()
}
