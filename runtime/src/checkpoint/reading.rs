//! Reads safetensors files piece by piece, and verifies their checksum.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    vec::IntoIter,
};

use multi_input_base::{Error, Result};
use safetensors::tensor::{Metadata, TensorInfo};

use super::{
    file::required,
    key,
    writing::{checksum, Seen, WORD},
    CheckpointError, FORMAT,
};

/// A file that is being read: its tensors one after another, and at the end the checksum. Nothing of
/// the file may be trusted before that.
pub(super) struct Reading {
    path: PathBuf,
    file: fs::File,
    pub(super) texts: BTreeMap<String, String>,
    left: IntoIter<(String, TensorInfo)>,
    seen: BTreeMap<String, Seen>,
}

/// The most bytes of a header: those that the safetensors library permits.
const MOST_OF_HEADER: u64 = 100_000_000;

/// The bytes that are read at once, or one item if that is larger.
const AT_ONCE: usize = 1 << 20;

impl Reading {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`Error::File`]; [`CheckpointError::Damaged`] for a file whose header does not fit it, and
    /// [`CheckpointError::Format`].
    pub(super) fn open(path: &Path) -> Result<Reading> {
        let failed = |source| read_error(path, source);
        let mut file = fs::File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let damaged = |reason: &str| CheckpointError::Damaged {
            path: path.into(),
            reason: reason.to_owned(),
        };
        let rest = size.checked_sub(WORD as u64).ok_or_else(|| damaged("it is too short"))?;
        let mut length = [0; WORD];
        file.read_exact(&mut length).map_err(failed)?;
        let length = u64::from_le_bytes(length);
        let data = rest.checked_sub(length).filter(|_| length <= MOST_OF_HEADER);
        let data = data.ok_or_else(|| damaged("its header is longer than the file"))?;
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(failed)?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|error| damaged(&error.to_string()))?;
        if metadata.data_len() as u64 != data {
            return Err(damaged("it is shorter or longer than its tensors").into());
        }
        let texts: BTreeMap<String, String> = metadata
            .metadata()
            .iter()
            .flatten()
            .map(|(k, text)| (k.clone(), text.clone()))
            .collect();
        let format = texts.get(key::FORMAT).map_or("unknown", String::as_str);
        if format != FORMAT {
            let (expected, found) = (FORMAT.to_owned(), format.to_owned());
            return Err(CheckpointError::Format { path: path.into(), expected, found }.into());
        }
        let names = metadata.offset_keys().into_iter();
        let tensors = names.filter_map(|name| {
            let info = metadata.info(&name)?.clone();
            Some((name, info))
        });
        let left = tensors.collect::<Vec<_>>().into_iter();
        Ok(Reading { path: path.to_owned(), file, texts, left, seen: BTreeMap::new() })
    }

    /// The tensors that have not been read, in the order of the file.
    pub(super) fn left(&self) -> &[(String, TensorInfo)] {
        self.left.as_slice()
    }

    /// Reads the next tensor: `take` gets its bytes, in pieces of whole items of so many bytes.
    pub(super) fn read(&mut self, item: usize, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        let Some((name, info)) = self.left.next() else { return Ok(()) };
        let mut seen = Seen::new(&info);
        let (start, end) = info.data_offsets;
        let mut left = end - start;
        let at_once = (AT_ONCE / item.max(1)).max(1) * item.max(1);
        let mut piece = vec![0; at_once.min(left)];
        while left > 0 {
            piece.truncate(left);
            self.file.read_exact(&mut piece).map_err(|source| read_error(&self.path, source))?;
            seen.add(&piece);
            take(&piece);
            left -= piece.len();
        }
        self.seen.insert(name, seen);
        Ok(())
    }

    /// Reads what is left, and returns the checksum of the file.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] if the file has another one.
    pub(super) fn verify(mut self) -> Result<String> {
        while !self.left().is_empty() {
            self.read(1, &mut |_| {})?;
        }
        let expected = checksum(&self.texts, &self.seen);
        let found = required(&self.texts, &self.path, key::CHECKSUM)?;
        match *found == expected {
            true => Ok(expected),
            false => {
                let reason = format!("its checksum should be {expected}, but is {found}");
                Err(CheckpointError::Damaged { path: self.path, reason }.into())
            }
        }
    }
}

fn read_error(path: &Path, source: io::Error) -> Error {
    Error::File { action: "read", path: path.into(), source }
}
