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

#[cfg(test)]
mod tests {
    use super::{
        super::file::{Contents, Stored},
        *,
    };

    fn file(folder: &Path) -> PathBuf {
        let mut contents = Contents::default();
        let numbers = (0..1 << 19).map(f64::from);
        contents.tensors.insert("a".to_owned(), Stored::of::<f32>(vec![1 << 19], numbers.clone()));
        contents.tensors.insert("b".to_owned(), Stored::of::<f64>(vec![3], numbers.take(3)));
        let path = folder.join("file");
        contents.write(&path).unwrap();
        path
    }

    #[test]
    fn a_tensor_is_read_in_pieces_of_whole_items() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        for item in [1, 4, 12, AT_ONCE - 4, 2 * AT_ONCE] {
            let mut reading = Reading::open(&path).unwrap();
            let names: Vec<&str> = reading.left().iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["b", "a"]);
            reading.read(8, &mut |_| {}).unwrap();
            let (mut sizes, mut bytes) = (Vec::new(), Vec::new());
            let mut take = |piece: &[u8]| {
                sizes.push(piece.len());
                bytes.extend_from_slice(piece);
            };
            reading.read(item, &mut take).unwrap();
            let (last, others) = sizes.split_last().unwrap();
            assert!(others.iter().all(|size| size % item == 0 && *size <= AT_ONCE.max(item)));
            assert!(*last > 0);
            let (numbers, _) = bytes.as_chunks();
            assert!(
                (0..1_u32 << 19).eq(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes) as u32))
            );
            reading.verify().unwrap();
        }
    }

    #[test]
    fn what_is_not_read_counts_for_the_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let whole = fs::read(&path).unwrap();
        Reading::open(&path).unwrap().verify().unwrap();
        for place in [whole.len() - 1, whole.len() - (1 << 20), whole.len() - (2 << 20) - 1] {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&path, changed).unwrap();
            let error = Reading::open(&path).unwrap().verify().unwrap_err().to_string();
            assert!(error.contains("its checksum should be"), "{error}");
        }
    }

    #[test]
    fn a_header_that_does_not_fit_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let whole = fs::read(&path).unwrap();
        let refused = |bytes: &[u8], expected: &str| {
            fs::write(&path, bytes).unwrap();
            let error = Reading::open(&path).map(drop).unwrap_err().to_string();
            assert!(error.contains("is damaged") && error.contains(expected), "{error}");
        };
        refused(&[], "too short");
        refused(&whole[..7], "too short");
        refused(&whole[..9], "its header is longer than the file");
        refused(&[&u64::MAX.to_le_bytes(), &whole[8..]].concat(), "its header is longer");
        refused(&[&[7, 0, 0, 0, 0, 0, 0, 0], &whole[8..]].concat(), "EOF");
        refused(&whole[..whole.len() - 1], "shorter or longer than its tensors");
        refused(&[&whole[..], &[0]].concat(), "shorter or longer than its tensors");
    }
}
