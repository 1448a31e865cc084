//! A model as an ONNX file: raw inputs, preprocessing, network and predictions in one graph.
//!
//! `inputs` declares the raw inputs and writes their preprocessing, `network` the nodes from encoded
//! columns to heads, `outputs` the predictions in the user's unit. What a layer, merge or step is in
//! ONNX is in `multi_input_onnx` and in the step's own file.

mod inputs;
mod network;
mod outputs;

use std::path::Path;

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_onnx::{File, Graph, Refusal};

use crate::untyped::UntypedModel;

/// Writes a model.
pub(crate) fn export<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    path: &Path,
) -> Result<()> {
    file(model)?.write(path)
}

/// A model as the contents of a file.
fn file<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Result<File> {
    let (definition, fitted) = (model.graph(), model.fitted()?);
    let mut graph = Graph::new();
    let columns = inputs::write(&mut graph, definition, &fitted)?;
    let heads = network::write(&mut graph, model, &columns)?;
    outputs::write(&mut graph, definition, &fitted, &heads)?;
    Ok(File { name: definition.name.to_owned(), doc: String::new(), graph, metadata: Vec::new() })
}

/// The error of a field that ONNX cannot express.
fn refused(field: &str, refusal: Refusal) -> Error {
    Error::Export { field: field.to_owned(), reason: refusal.reason, instead: refusal.instead }
}
