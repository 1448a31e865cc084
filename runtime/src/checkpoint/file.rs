//! The contents of a file: tensors and texts.

use std::{collections::BTreeMap, path::Path};

use multi_input_base::Result;
use multi_input_kernel::Element;
use multi_input_nn::sharded::TableShare;
use safetensors::Dtype;

use super::{
    key,
    writing::{write, Unwritten},
    CheckpointError, FORMAT,
};

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

    /// The elements of a tensor.
    pub(super) fn of_elements<E: Element>(shape: Vec<usize>, elements: &[E]) -> Stored {
        let mut bytes = Vec::new();
        E::append_bytes(elements, &mut bytes);
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
        if self.dtype == dtype::<E>() {
            return E::read_bytes(&self.bytes, numbers);
        }
        for (number, stored) in numbers.iter_mut().zip(self.iter()) {
            *number = E::of(stored);
        }
    }

    /// The numbers of a tensor whose dtype is that of `E`.
    pub(super) fn numbers<E: Element>(&self) -> Vec<E> {
        let mut numbers = vec![E::zero(); self.bytes.len() / E::BYTES];
        E::read_bytes(&self.bytes, &mut numbers);
        numbers
    }

    /// Keeps the rows of a share of all rows.
    pub(super) fn keep_rows(&mut self, share: TableShare) {
        let Some(rows) = self.shape.first_mut() else { return };
        let row = (self.bytes.len() / (*rows).max(1)).max(1);
        let all = self.bytes.chunks_exact(row).enumerate();
        let kept = all.filter(|(row, _)| share.held(*row).is_some());
        self.bytes = kept.flat_map(|(_, bytes)| bytes).copied().collect();
        *rows = share.rows(*rows);
    }

    /// As a tensor to be written.
    fn unwritten(&self) -> Unwritten<'_> {
        let Stored { dtype, shape, bytes } = self;
        Unwritten::new(*dtype, shape.clone(), |take| take(bytes))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        numbers_in(self.dtype, &self.bytes)
    }
}

/// The numbers in the bytes of a tensor.
pub(super) fn numbers_in(dtype: Dtype, bytes: &[u8]) -> impl Iterator<Item = f64> + '_ {
    let width = if dtype == Dtype::F64 { 8 } else { 4 };
    // `chunks_exact` yields chunks of exactly this size, so the default is never used.
    bytes.chunks_exact(width).map(move |bytes| match width {
        8 => f64::from_le_bytes(bytes.try_into().unwrap_or_default()),
        _ => f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())),
    })
}

impl Contents {
    /// Writes the file. An existing file is replaced once the new one is complete.
    pub(super) fn write(self, path: &Path) -> Result<()> {
        self.write_with(path, BTreeMap::new()).map(drop)
    }

    /// Writes the file, with tensors whose bytes are elsewhere, and returns its checksum.
    pub(super) fn write_with(
        mut self,
        path: &Path,
        others: BTreeMap<String, Unwritten<'_>>,
    ) -> Result<String> {
        self.texts.insert(key::FORMAT.to_owned(), FORMAT.to_owned());
        let own = self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.unwritten()));
        write(path, self.texts, own.chain(others).collect())
    }

    /// Reads a file with all of its tensors, and verifies its checksum.
    #[cfg(test)]
    pub(super) fn read(path: &Path) -> Result<Contents> {
        let mut file = super::reading::Reading::open(path)?;
        let mut contents = Contents { texts: file.texts.clone(), ..Contents::default() };
        while let Some((name, info)) = file.left().first().cloned() {
            let mut stored = Stored { dtype: info.dtype, shape: info.shape, bytes: Vec::new() };
            file.read(1, &mut |bytes| stored.bytes.extend_from_slice(bytes))?;
            contents.tensors.insert(name, stored);
        }
        file.verify()?;
        Ok(contents)
    }

    /// A required text.
    pub(super) fn text(
        &self,
        path: &Path,
        key: &str,
    ) -> std::result::Result<&str, CheckpointError> {
        required(&self.texts, path, key)
    }
}

/// A required text of a file.
pub(super) fn required<'a>(
    texts: &'a BTreeMap<String, String>,
    path: &Path,
    key: &str,
) -> std::result::Result<&'a str, CheckpointError> {
    texts.get(key).map(String::as_str).ok_or_else(|| CheckpointError::Damaged {
        path: path.into(),
        reason: format!("`{key}` is missing"),
    })
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
