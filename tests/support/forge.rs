//! A file with other contents and the right checksum, as an attacker who knows the format would write it.
#![allow(dead_code)] // Each test target uses its share.

use std::{collections::BTreeMap, fs, path::Path};

use safetensors::{tensor::TensorView, Dtype, SafeTensors};

const CHECKSUM: &str = "multi_input.checksum";

/// Writes the file at `from` to `to` with its texts changed.
pub fn forge(from: &Path, to: &Path, change: impl Fn(&str) -> String) {
    let mut contents = Contents::read(from);
    contents.texts.values_mut().for_each(|text| *text = change(text));
    contents.write(to);
}

/// What a file holds, but for its checksum.
#[derive(Clone, Debug)]
pub struct Contents {
    pub texts: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, Stored>,
}

/// A tensor.
#[derive(Clone, Debug)]
pub struct Stored {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Contents {
    pub fn read(path: &Path) -> Contents {
        let bytes = fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut texts: BTreeMap<_, _> = header.metadata().clone().unwrap().into_iter().collect();
        texts.remove(CHECKSUM);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.tensors().into_iter().map(|(name, tensor)| {
            let (shape, bytes) = (tensor.shape().to_vec(), tensor.data().to_vec());
            (name, Stored { dtype: tensor.dtype(), shape, bytes })
        });
        Contents { texts, tensors: tensors.collect() }
    }

    /// Writes the file with the checksum of what it holds now.
    pub fn write(&self, path: &Path) {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for (key, text) in &self.texts {
            parts.extend([key.as_bytes().to_vec(), text.as_bytes().to_vec()]);
        }
        for (name, tensor) in &self.tensors {
            let kind = format!("{:?} {:?}", tensor.dtype, tensor.shape);
            parts.extend([name.as_bytes().to_vec(), kind.into_bytes(), tensor.bytes.clone()]);
        }
        let with_length = |part: &Vec<u8>| [&(part.len() as u64).to_le_bytes()[..], part].concat();
        let sum = crc32c(&parts.iter().flat_map(with_length).collect::<Vec<u8>>());
        let mut texts = self.texts.clone();
        texts.insert(CHECKSUM.to_owned(), format!("{sum:08x}"));
        let views = self.tensors.iter().map(|(name, tensor)| {
            (name, TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).unwrap())
        });
        let bytes = safetensors::serialize(views, Some(texts.into_iter().collect())).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}
