//! A file with other texts and the right checksum, as somebody would write it who knows how.

use std::{collections::BTreeMap, fs, path::Path};

use safetensors::SafeTensors;

const CHECKSUM: &str = "multi_input.checksum";

/// Writes the file at `from` to `to` with its texts changed.
pub fn forge(from: &Path, to: &Path, change: impl Fn(&str) -> String) {
    let bytes = fs::read(from).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let texts = header.metadata().clone().unwrap().into_iter();
    let mut texts: BTreeMap<String, String> =
        texts.map(|(key, text)| (key, change(&text))).collect();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: BTreeMap<_, _> = file.tensors().into_iter().collect();

    texts.remove(CHECKSUM);
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for (key, text) in &texts {
        parts.extend([key.as_bytes().to_vec(), text.as_bytes().to_vec()]);
    }
    for (name, tensor) in &tensors {
        let kind = format!("{:?} {:?}", tensor.dtype(), tensor.shape());
        parts.extend([name.as_bytes().to_vec(), kind.into_bytes(), tensor.data().to_vec()]);
    }
    let with_length = |part: &Vec<u8>| [&(part.len() as u64).to_le_bytes()[..], part].concat();
    let sum = crc32c(&parts.iter().flat_map(with_length).collect::<Vec<u8>>());
    texts.insert(CHECKSUM.to_owned(), format!("{sum:08x}"));
    let bytes = safetensors::serialize(tensors, Some(texts.into_iter().collect())).unwrap();
    fs::write(to, bytes).unwrap();
}

/// Bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}
