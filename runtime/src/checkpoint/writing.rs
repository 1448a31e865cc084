//! Writes safetensors files tensor by tensor, with a checksum over everything.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fs,
    io::{self, BufWriter, Seek, Write},
    path::Path,
};

use multi_input_base::{replace_file, Error, Result};
use multi_input_kernel::Element;
use safetensors::{tensor::TensorInfo, Dtype};

use super::{file::dtype, key};
use crate::checksum::Crc32c;

/// A tensor to be written.
pub(super) struct Unwritten<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Box<dyn FnOnce(&mut Take<'_>) -> Result<()> + 'a>,
}

/// Takes the next bytes of a tensor.
pub(super) type Take<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

impl<'a> Unwritten<'a> {
    /// A tensor whose bytes, as many as its shape has, are passed piece by piece by `bytes`.
    pub(super) fn new(
        dtype: Dtype,
        shape: Vec<usize>,
        bytes: impl FnOnce(&mut Take<'_>) -> Result<()> + 'a,
    ) -> Unwritten<'a> {
        Unwritten { dtype, shape, bytes: Box::new(bytes) }
    }

    /// Numbers of dtype `E`.
    pub(super) fn numbers<E: Element>(numbers: &'a [E]) -> Unwritten<'a> {
        Unwritten::new(dtype::<E>(), vec![numbers.len()], |take| pieces(numbers, take))
    }
}

/// Passes the bytes of numbers to `take`.
pub(super) fn pieces<E: Element>(numbers: &[E], take: &mut Take<'_>) -> Result<()> {
    const AT_ONCE: usize = 1 << 17;
    let mut bytes = Vec::new();
    numbers.chunks(AT_ONCE).try_for_each(|piece| {
        bytes.clear();
        E::append_bytes(piece, &mut bytes);
        take(&bytes)
    })
}

/// What the checksum of a file needs to know of a tensor.
pub(super) struct Seen {
    /// The dtype and the shape.
    is: String,
    sum: Crc32c,
}

impl Seen {
    pub(super) fn new(info: &TensorInfo) -> Seen {
        let is = format!("{:?} {:?}", info.dtype, info.shape);
        Seen { is, sum: Crc32c::default() }
    }

    /// Adds the next bytes of the tensor.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
    }
}

/// The bytes of the length of a header.
pub(super) const WORD: usize = 8;

/// The checksum over all texts but the checksum and all tensors, in the order of their names.
pub(super) fn checksum(
    texts: &BTreeMap<String, String>,
    tensors: &BTreeMap<String, Seen>,
) -> String {
    let mut sum = Crc32c::default();
    // The length is included, so that no byte can move from one part to the next.
    let length = |sum: &mut Crc32c, len: usize| sum.update(&(len as u64).to_le_bytes());
    let take = |sum: &mut Crc32c, bytes: &[u8]| {
        length(sum, bytes.len());
        sum.update(bytes);
    };
    for (key, text) in texts.iter().filter(|(key, _)| *key != key::CHECKSUM) {
        take(&mut sum, key.as_bytes());
        take(&mut sum, text.as_bytes());
    }
    for (name, tensor) in tensors {
        take(&mut sum, name.as_bytes());
        take(&mut sum, tensor.is.as_bytes());
        length(&mut sum, tensor.sum.len());
        sum.append(&tensor.sum);
    }
    format!("{:08x}", sum.value())
}

/// Writes a file and returns its checksum. An existing file is replaced once the new one is complete:
/// a reader sees the old file or the new one.
pub(super) fn write(
    path: &Path,
    texts: BTreeMap<String, String>,
    tensors: BTreeMap<String, Unwritten<'_>>,
) -> Result<String> {
    let failed = |source| Error::File { action: "write", path: path.into(), source };
    let mut sum = String::new();
    let written = replace_file(path, |partial| {
        let file = fs::File::create(partial)?;
        sum = write_to(file, texts, tensors, &failed).map_err(io::Error::other)?;
        Ok(())
    });
    match written.map_err(io::Error::downcast) {
        Ok(()) => Ok(sum),
        Err(Ok(error)) => Err(error),
        Err(Err(source)) => Err(failed(source)),
    }
}

fn write_to(
    file: fs::File,
    mut texts: BTreeMap<String, String>,
    tensors: BTreeMap<String, Unwritten<'_>>,
    failed: &dyn Fn(io::Error) -> Error,
) -> Result<String> {
    let mut file = BufWriter::new(file);
    let mut tensors: Vec<(String, Unwritten<'_>)> = tensors.into_iter().collect();
    // As the safetensors library does, so that every tensor is aligned.
    tensors.sort_by_key(|(_, tensor)| Reverse(tensor.dtype));
    let infos = infos(&tensors);
    // The checksum is known in the end. It is always as long as this one.
    texts.insert(key::CHECKSUM.to_owned(), format!("{:08x}", 0));
    file.write_all(&header(&texts, &infos).map_err(failed)?).map_err(failed)?;
    let mut all_seen = BTreeMap::new();
    for ((name, tensor), (_, info)) in tensors.into_iter().zip(&infos) {
        let mut seen = Seen::new(info);
        (tensor.bytes)(&mut |bytes| {
            seen.add(bytes);
            file.write_all(bytes).map_err(failed)
        })?;
        all_seen.insert(name, seen);
    }
    let sum = checksum(&texts, &all_seen);
    texts.insert(key::CHECKSUM.to_owned(), sum.clone());
    file.rewind().map_err(failed)?;
    file.write_all(&header(&texts, &infos).map_err(failed)?).map_err(failed)?;
    file.flush().map_err(failed)?;
    Ok(sum)
}

/// The names, shapes and places of tensors that follow each other.
fn infos(tensors: &[(String, Unwritten<'_>)]) -> Vec<(String, TensorInfo)> {
    let mut end = 0;
    let place = |(name, tensor): &(String, Unwritten<'_>)| {
        let (dtype, shape) = (tensor.dtype, tensor.shape.clone());
        let start = end;
        end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name.clone(), TensorInfo { dtype, shape, data_offsets: (start, end) })
    };
    tensors.iter().map(place).collect()
}

/// What stands before the tensors: the length of the JSON that follows, padded to whole words.
fn header(
    texts: &BTreeMap<String, String>,
    tensors: &[(String, TensorInfo)],
) -> io::Result<Vec<u8>> {
    let mut json = format!("{{\"__metadata__\":{}", serde_json::to_string(texts)?);
    for (name, info) in tensors {
        let (name, info) = (serde_json::to_string(name)?, serde_json::to_string(info)?);
        json.push_str(&format!(",{name}:{info}"));
    }
    json.push('}');
    let padding = json.len().next_multiple_of(WORD) - json.len();
    json.push_str(&" ".repeat(padding));
    let length = (json.len() as u64).to_le_bytes();
    Ok([&length, json.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::SafeTensors;

    use super::{
        super::file::{Contents, Stored},
        *,
    };

    fn contents() -> Contents {
        let mut contents = Contents::default();
        let numbers = |count: usize| (0..count).map(|number| number as f64 * 0.5);
        for (name, stored) in [
            ("b.weight", Stored::of::<f32>(vec![2, 3], numbers(6))),
            ("a \"quoted\"", Stored::of::<f64>(vec![3], numbers(3))),
            ("c", Stored::of_bytes(vec![1, 2, 3])),
            ("d", Stored::of::<f32>(vec![0], numbers(0))),
        ] {
            contents.tensors.insert(name.to_owned(), stored);
        }
        contents.texts.insert("a text".to_owned(), "in \"quotes\"".to_owned());
        contents
    }

    #[test]
    fn a_file_is_what_the_safetensors_library_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        contents().write(&path).unwrap();
        let own = fs::read(&path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&own).unwrap();
        let read = SafeTensors::deserialize(&own).unwrap();
        // There the texts are in any order, which is another one each time.
        let is_same = |_| {
            let texts = header.metadata().iter().flatten();
            let texts: HashMap<_, _> =
                texts.map(|(key, text)| (key.clone(), text.clone())).collect();
            safetensors::serialize(read.tensors(), Some(texts)).unwrap() == own
        };
        assert!((0..1000).any(is_same));
    }

    #[test]
    fn the_same_contents_are_the_same_bytes_however_they_come() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        contents().write(&one).unwrap();
        let numbers: Vec<f64> = (0..6).map(|number| f64::from(number) * 0.5).collect();
        let mut rest = contents();
        rest.tensors.remove("b.weight");
        let in_pieces = Unwritten::new(Dtype::F32, vec![2, 3], |take| {
            numbers.iter().try_for_each(|number| take(&(*number as f32).to_le_bytes()))
        });
        rest.write_with(&other, [("b.weight".to_owned(), in_pieces)].into()).unwrap();
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
    }

    #[test]
    fn an_error_of_a_tensor_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        contents().write(&path).unwrap();
        let before = fs::read(&path).unwrap();
        let failing = Unwritten::new(Dtype::F32, vec![9], |take| {
            take(&[0; 4])?;
            Err(Error::Cluster("a rank has left".to_owned()))
        });
        let error = contents().write_with(&path, [("e".to_owned(), failing)].into()).unwrap_err();
        assert!(matches!(error, Error::Cluster(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
