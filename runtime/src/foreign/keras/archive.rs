//! A `.keras` file: a zip archive of the architecture and the weights.

use std::io::Read;

use rawzip::{CompressionMethod, ZipArchive, ZipSliceArchive};

/// The first bytes of an archive.
pub(super) const SIGNATURE: &[u8] = b"PK\x03\x04";

/// A larger architecture is none.
const LARGEST_CONFIG: u64 = 256 << 20;
/// Bytes for a compressed byte: what the compression of zip can reach.
const COMPRESSION: u64 = 1032;

/// The parts of an archive.
pub(super) struct Archive {
    /// The architecture in JSON.
    pub(super) config: String,
    /// The weights, an HDF5 file.
    pub(super) weights: Vec<u8>,
}

impl Archive {
    /// # Errors
    /// The reason why it is no such file.
    pub(super) fn read(bytes: &[u8]) -> Result<Archive, String> {
        let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
        let config = part(&archive, "config.json", LARGEST_CONFIG)?;
        let config = config.ok_or_else(|| {
            "it has no `config.json`, so it is no `.keras` file; a file of `torch.save` is saved anew by \
             `safetensors.torch.save_file(model.state_dict(), ..)`, which `Weights::torch` reads"
                .to_owned()
        })?;
        let largest = (bytes.len() as u64).saturating_mul(COMPRESSION);
        let weights = part(&archive, "model.weights.h5", largest)?;
        let weights = weights.ok_or("it has no `model.weights.h5`")?;
        let config = String::from_utf8(config).map_err(|_| "its `config.json` is no UTF-8")?;
        Ok(Archive { config, weights })
    }
}

/// A part of an archive of at most so many bytes; `None` if it is not there.
fn part(
    archive: &ZipSliceArchive<&[u8]>,
    name: &str,
    largest: u64,
) -> Result<Option<Vec<u8>>, String> {
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        if entry.file_path().as_ref() != name.as_bytes() {
            continue;
        }
        let (method, wayfinder) = (entry.compression_method(), entry.wayfinder());
        let entry = archive.get_entry(wayfinder).map_err(damaged)?;
        let mut bytes = Vec::new();
        let read = match method {
            CompressionMethod::STORE => {
                entry.verifying_reader(entry.data()).take(largest).read_to_end(&mut bytes)
            }
            CompressionMethod::DEFLATE => {
                let inflated = flate2::read::DeflateDecoder::new(entry.data());
                entry.verifying_reader(inflated).take(largest).read_to_end(&mut bytes)
            }
            other => return Err(format!("`{name}` is compressed by {other:?}, not by deflate")),
        };
        read.map_err(|error| format!("`{name}` is damaged: {error}"))?;
        return Ok(Some(bytes));
    }
    Ok(None)
}

fn damaged(error: rawzip::Error) -> String {
    format!("it is damaged or no zip archive: {error}")
}
