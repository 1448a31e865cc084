//! A safetensors file of tensors and texts with a checksum. Writes are atomic: a reader sees the
//! old file or the new one.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
};

use multi_input_base::{replace_file, Error, Result};
use multi_input_kernel::Element;
use safetensors::{tensor::TensorView, Dtype, SafeTensors};

use super::{key, CheckpointError, FORMAT};
use crate::checksum::Crc32c;

/// The contents of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) tensors: BTreeMap<String, Stored>,
    pub(crate) texts: BTreeMap<String, String>,
}

/// A tensor.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(super) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// The dtype of `E`.
pub(super) fn dtype<E>() -> Dtype {
    match std::mem::size_of::<E>() {
        8 => Dtype::F64,
        _ => Dtype::F32,
    }
}

impl Stored {
    /// Numbers of dtype `E`; `f64` represents them exactly.
    pub(crate) fn of<E>(shape: Vec<usize>, numbers: impl Iterator<Item = f64>) -> Stored {
        let bytes = match dtype::<E>() {
            Dtype::F64 => numbers.flat_map(f64::to_le_bytes).collect(),
            _ => numbers.flat_map(|number| (number as f32).to_le_bytes()).collect(),
        };
        Stored { dtype: dtype::<E>(), shape, bytes }
    }

    /// Bytes, of dtype `u8`.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Stored {
        Stored { dtype: Dtype::U8, shape: vec![bytes.len()], bytes }
    }

    /// # Errors
    /// [`CheckpointError::Dtype`] if the dtype is not `E`.
    pub(super) fn check_dtype<E>(
        &self,
        path: &Path,
        tensor: &str,
    ) -> std::result::Result<(), CheckpointError> {
        let (path, tensor) = (path.to_owned(), tensor.to_owned());
        let [expected, found] = [dtype::<E>(), self.dtype].map(|dtype| format!("{dtype:?}"));
        match self.dtype == dtype::<E>() {
            true => Ok(()),
            false => Err(CheckpointError::Dtype { path, tensor, expected, found }),
        }
    }

    /// The number of elements.
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// A finite number that `E` cannot hold, or the dtype if it is no float; `None` if `E` holds
    /// every number, which may be rounded.
    pub(super) fn not_held<E: Element>(&self) -> Option<String> {
        if !matches!(self.dtype, Dtype::F32 | Dtype::F64) {
            return Some(format!("{:?}", self.dtype));
        }
        let overflows = |number: &f64| number.is_finite() && !E::of(*number).as_f64().is_finite();
        self.iter().find(overflows).map(|number| format!("{number:e}"))
    }

    /// Copies the numbers into a slice of the same length.
    pub(super) fn copy_into<E: Element>(&self, numbers: &mut [E]) {
        for (number, stored) in numbers.iter_mut().zip(self.iter()) {
            *number = E::of(stored);
        }
    }

    /// The numbers.
    pub(super) fn numbers(&self) -> Vec<f64> {
        self.iter().collect()
    }

    fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let width = if self.dtype == Dtype::F64 { 8 } else { 4 };
        // `chunks_exact` yields chunks of exactly this size, so the default is never used.
        self.bytes.chunks_exact(width).map(move |bytes| match width {
            8 => f64::from_le_bytes(bytes.try_into().unwrap_or_default()),
            _ => f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())),
        })
    }
}

impl Contents {
    /// Writes the file. An existing file is replaced once the new one is complete.
    pub(super) fn write(mut self, path: &Path) -> Result<()> {
        self.texts.insert(key::FORMAT.to_owned(), FORMAT.to_owned());
        self.texts.insert(key::CHECKSUM.to_owned(), self.checksum());
        let failed = |source| Error::File { action: "write", path: path.into(), source };
        replace_file(path, |partial| self.serialize(partial)).map_err(failed)
    }

    /// Writes tensor by tensor, so that a large table is not copied in memory.
    fn serialize(&self, path: &Path) -> io::Result<()> {
        let texts: HashMap<String, String> = self.texts.clone().into_iter().collect();
        let views = self.tensors.iter().map(|(name, tensor)| {
            TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
                .map(|view| (name.as_str(), view))
        });
        views
            .collect::<std::result::Result<Vec<_>, _>>()
            .and_then(|views| safetensors::serialize_to_file(views, Some(texts), path))
            .map_err(|error| match error {
                safetensors::SafeTensorError::IoError(error) => error,
                other => io::Error::other(other),
            })
    }

    /// Reads a file and verifies its checksum.
    pub(super) fn read(path: &Path) -> Result<Contents> {
        let bytes = fs::read(path).map_err(|source| Error::File {
            action: "read",
            path: path.into(),
            source,
        })?;
        Ok(Contents::parse(path, &bytes)?)
    }

    fn parse(path: &Path, bytes: &[u8]) -> std::result::Result<Contents, CheckpointError> {
        let damaged = |reason: String| CheckpointError::Damaged { path: path.into(), reason };
        let invalid = |error: safetensors::SafeTensorError| damaged(error.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(invalid)?;
        let file = SafeTensors::deserialize(bytes).map_err(invalid)?;
        let stored = |view: TensorView<'_>| Stored {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        let tensors = file.tensors().into_iter().map(|(name, view)| (name, stored(view))).collect();
        let texts = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let contents = Contents { tensors, texts };

        let format = contents.texts.get(key::FORMAT).map_or("unknown", String::as_str);
        if format != FORMAT {
            let (expected, found) = (FORMAT.to_owned(), format.to_owned());
            return Err(CheckpointError::Format { path: path.into(), expected, found });
        }
        let (expected, found) = (contents.checksum(), contents.text(path, key::CHECKSUM)?);
        if found != expected {
            return Err(damaged(format!("its checksum should be {expected}, but is {found}")));
        }
        Ok(contents)
    }

    /// A required text.
    pub(super) fn text(
        &self,
        path: &Path,
        key: &str,
    ) -> std::result::Result<&str, CheckpointError> {
        self.texts.get(key).map(String::as_str).ok_or_else(|| CheckpointError::Damaged {
            path: path.into(),
            reason: format!("`{key}` is missing"),
        })
    }

    /// The checksum over all tensors and all texts but the checksum, in the order of their names.
    fn checksum(&self) -> String {
        let mut sum = Crc32c::default();
        let mut take = |bytes: &[u8]| {
            // The length is included, so that no byte can move from one part to the next.
            sum.update(&(bytes.len() as u64).to_le_bytes());
            sum.update(bytes);
        };
        for (key, text) in self.texts.iter().filter(|(key, _)| *key != key::CHECKSUM) {
            take(key.as_bytes());
            take(text.as_bytes());
        }
        for (name, tensor) in &self.tensors {
            take(name.as_bytes());
            take(format!("{:?} {:?}", tensor.dtype, tensor.shape).as_bytes());
            take(&tensor.bytes);
        }
        format!("{:08x}", sum.value())
    }
}

#[cfg(test)]
impl Contents {
    /// Writes other contents with a valid checksum.
    pub(crate) fn forge(path: &Path, change: impl FnOnce(&mut Contents)) {
        let mut contents = Contents::read(path).unwrap();
        change(&mut contents);
        contents.write(path).unwrap();
    }
}
