//! The file of a graph.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use multi_input_base::{replace_file, Error, Result};
use prost::{bytes::Bytes, encode_length_delimiter, Message};

use crate::{
    graph::Graph,
    proto::{
        Dimension, GraphProto, ModelProto, OperatorSetId, StringEntry, TensorProto,
        TensorShapeProto, TensorType, TypeProto, ValueInfoProto,
    },
    tensor::Tensor,
    value::{Dim, Value},
};

/// A message of protobuf has at most 2 GiB, with its operators; above that the weights are in a file
/// beside the model's.
const MOST_BYTES: usize = (1 << 31) - (1 << 26);

/// Weights below this size stay in the model's file, where shape inference reads them.
const SMALL: usize = 1 << 10;

/// Weights in the file beside the model's start at multiples of a page, so that a runtime can map them.
const PAGE: usize = 1 << 12;

/// A model in ONNX: a graph with its name and its metadata.
#[derive(Debug)]
pub struct File {
    /// The name of the model.
    pub name: String,
    /// A description in plain text.
    pub doc: String,
    /// The graph.
    pub graph: Graph,
    /// Keys and values for programs that read the file.
    pub metadata: Vec<(String, String)>,
}

impl File {
    /// Writes the file. One that exists is replaced once the new one is complete. Where the weights
    /// exceed what a message holds, they are in `NAME.data` beside it.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written.
    pub fn write(self, path: &Path) -> Result<()> {
        self.write_split(path, MOST_BYTES)
    }

    /// The contents of the file, with all weights in it.
    pub fn bytes(self) -> Vec<u8> {
        self.whole().encode_to_vec()
    }

    fn whole(self) -> ModelProto {
        self.message(&mut |name, tensor| tensor.message(name))
    }

    fn write_split(self, path: &Path, most: usize) -> Result<()> {
        let size: usize = self.graph.initializers.iter().map(|(_, tensor)| tensor.size()).sum();
        if size < most {
            return replace(path, |file| write_message(self.whole(), file));
        }
        let data = data_path(path);
        let name = data.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut message = None;
        replace(&data, |file| {
            let (mut offset, mut failed) = (0, None);
            let mut external = |tensor_name: String, tensor: Tensor| {
                if tensor.bytes.len() < SMALL {
                    return tensor.message(tensor_name);
                }
                let place = [("location", name.clone()), ("offset", offset.to_string())];
                let length = ("length", tensor.bytes.len().to_string());
                let padding =
                    vec![0; tensor.bytes.len().next_multiple_of(PAGE) - tensor.bytes.len()];
                offset += tensor.bytes.len() + padding.len();
                let written = file.write_all(&tensor.bytes).and_then(|()| file.write_all(&padding));
                if let Err(error) = written {
                    failed.get_or_insert(error);
                }
                let entry =
                    |(key, value): (&str, String)| StringEntry { key: key.to_owned(), value };
                let external_data = place.into_iter().chain([length]).map(entry).collect();
                let tensor = Tensor { bytes: Bytes::new(), ..tensor };
                let message = tensor.message(tensor_name);
                TensorProto { external_data, data_location: 1, ..message }
            };
            message = Some(self.message(&mut external));
            failed.map_or(Ok(()), Err)
        })?;
        let message = message.unwrap_or_default();
        replace(path, |file| write_message(message, file))
    }

    fn message(self, write: &mut dyn FnMut(String, Tensor) -> TensorProto) -> ModelProto {
        let graph = self.graph;
        let of_domain = |domain: &str, version: u8| OperatorSetId {
            domain: domain.to_owned(),
            version: i64::from(version),
        };
        // The first releases of onnxruntime for the newer opset read IR 9 and ml 4.
        let (ir_version, ml) = if graph.opset > crate::graph::OPSET { (9, 4) } else { (8, 3) };
        let mut opset_import = vec![of_domain("", graph.opset)];
        opset_import.extend(graph.uses_ml.then(|| of_domain("ai.onnx.ml", ml)));
        let entry = |(key, value)| StringEntry { key, value };
        ModelProto {
            ir_version,
            producer_name: "multi-input".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: self.doc,
            graph: Some(GraphProto {
                node: graph.nodes,
                name: self.name,
                initializer: graph
                    .initializers
                    .into_iter()
                    .map(|(name, tensor)| write(name, tensor))
                    .collect(),
                input: graph.inputs.into_iter().map(info).collect(),
                output: graph.outputs.into_iter().map(info).collect(),
            }),
            opset_import,
            metadata_props: self.metadata.into_iter().map(entry).collect(),
        }
    }
}

/// Writes the encoded message without a copy of the weights.
fn write_message(mut model: ModelProto, file: &mut dyn Write) -> io::Result<()> {
    let mut graph = model.graph.take().unwrap_or_default();
    let initializers = std::mem::take(&mut graph.initializer).into_iter();
    let initializers: Vec<(Vec<u8>, Bytes)> = initializers.map(initializer).collect();
    let graph = graph.encode_to_vec();
    let size = initializers.iter().map(|(start, weights)| start.len() + weights.len());
    let mut start = model.encode_to_vec();
    push_key(7, graph.len() + size.sum::<usize>(), &mut start);
    file.write_all(&start)?;
    file.write_all(&graph)?;
    for (start, weights) in initializers {
        file.write_all(&start)?;
        file.write_all(&weights)?;
    }
    Ok(())
}

/// The field `initializer` of a graph, and its bytes at the end: those of `raw_data`.
fn initializer(mut tensor: TensorProto) -> (Vec<u8>, Bytes) {
    let weights = std::mem::take(&mut tensor.raw_data);
    let mut fields = tensor.encode_to_vec();
    if !weights.is_empty() {
        push_key(9, weights.len(), &mut fields);
    }
    let mut start = Vec::new();
    push_key(5, fields.len() + weights.len(), &mut start);
    start.extend(fields);
    (start, weights)
}

/// The start of a field of `length` bytes with a number below 16.
fn push_key(field: u8, length: usize, to: &mut Vec<u8>) {
    to.push(field << 3 | 2);
    // A vector grows, so there is always room.
    let _ = encode_length_delimiter(length, to);
}

/// `house.onnx.data` for `house.onnx`.
fn data_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".data");
    name.into()
}

/// Replaces the file `path` by what `write` writes.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let written = replace_file(path, |partial| {
        let mut file = BufWriter::new(fs::File::create(partial)?);
        write(&mut file)?;
        file.flush()
    });
    written.map_err(|source| Error::File { action: "write", path: path.to_owned(), source })
}

fn info((value, doc): (Value, String)) -> ValueInfoProto {
    let dim = value.shape.iter().map(|dim| match dim {
        Dim::Known(size) => Dimension { dim_value: Some(*size as i64), dim_param: None },
        Dim::Batch => Dimension { dim_value: None, dim_param: Some("batch".to_owned()) },
        Dim::Named("") => Dimension { dim_value: None, dim_param: None },
        Dim::Named(name) => Dimension { dim_value: None, dim_param: Some((*name).to_owned()) },
    });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor_type = Some(TensorType { elem_type: value.dtype.number(), shape });
    ValueInfoProto { name: value.name, r#type: Some(TypeProto { tensor_type }), doc_string: doc }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataType, Dim};

    /// `y = x * weight + bias`, with a text and an empty tensor beside it.
    fn file() -> File {
        let mut graph = Graph::new();
        let x = graph.input("x", DataType::Float, &[Dim::Batch, Dim::Known(300)], "numbers");
        let weight = graph.weight("weight", Tensor::floats(&[300], (0..300).map(|i| i as f32)));
        let again = graph.weight("again", Tensor::floats(&[300], (0..300).map(|i| -(i as f32))));
        graph.weight("words", Tensor::texts(&[2], ["a", "b"]));
        graph.weight("empty", Tensor::floats(&[0], []));
        let product = graph.mul(&x, &weight);
        let sum = graph.add(&product, &again);
        graph.output("y", &sum, "");
        let metadata = vec![("key".to_owned(), "value".to_owned())];
        File { name: "Line".to_owned(), doc: "A line.".to_owned(), graph, metadata }
    }

    #[test]
    fn what_is_written_in_pieces_is_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line.onnx");
        file().write(&path).unwrap();
        let written = ModelProto::decode(&*fs::read(&path).unwrap()).unwrap();
        assert_eq!(written, ModelProto::decode(&*file().bytes()).unwrap());
        assert_eq!(written.graph.unwrap().initializer.len(), 4);
        assert!(!data_path(&path).exists());
    }

    #[test]
    fn weights_that_a_message_cannot_hold_are_in_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line.onnx");
        file().write_split(&path, 2000).unwrap();
        let graph = ModelProto::decode(&*fs::read(&path).unwrap()).unwrap().graph.unwrap();
        let data = fs::read(data_path(&path)).unwrap();
        let expected = file().message(&mut |name, tensor| tensor.message(name)).graph.unwrap();
        for (tensor, whole) in graph.initializer.iter().zip(&expected.initializer) {
            let entry = |key: &str| {
                tensor
                    .external_data
                    .iter()
                    .find(|entry| entry.key == key)
                    .map(|entry| entry.value.clone())
            };
            let Some(offset) = entry("offset") else {
                assert_eq!(tensor, whole);
                continue;
            };
            let (offset, length): (usize, usize) =
                (offset.parse().unwrap(), entry("length").unwrap().parse().unwrap());
            assert_eq!(entry("location").unwrap(), "line.onnx.data");
            assert_eq!(offset % PAGE, 0);
            assert_eq!(data[offset..offset + length], whole.raw_data[..]);
            assert!(tensor.raw_data.is_empty());
        }
        assert_eq!(graph.initializer.iter().filter(|tensor| tensor.data_location == 1).count(), 2);
    }
}
