//! HDF5 files: their groups, texts and tensors, by path.

use std::{collections::BTreeMap, fs, io, path::Path};

use hdf5_pure::{AttrValue, DType, Dataset, File, FileBuilder, Group, GroupBuilder};
use multi_input_base::{Error, Result};
use multi_input_kernel::Element;

use crate::foreign::layer::Numbers;

/// The contents of a file. Paths have no slash in front.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The attributes of the groups that are texts.
    pub(super) groups: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The tensors of numbers.
    pub(super) tensors: BTreeMap<String, (Vec<usize>, Numbers)>,
}

/// The first bytes of a file.
pub(super) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Groups of groups deeper than this are in no file of Keras. A damaged file may have a group within
/// itself.
const DEEPEST: usize = 32;
/// More objects are in no file of Keras.
const MOST_OBJECTS: usize = 200_000;
/// Numbers for a byte of the file: what the compression of HDF5 can reach.
const COMPRESSION: usize = 1032;

impl Tree {
    /// # Errors
    /// The reason why it is no such file.
    pub(super) fn read(bytes: Vec<u8>) -> std::result::Result<Tree, String> {
        let most_bytes = bytes.len().saturating_mul(COMPRESSION);
        let file = File::from_bytes(bytes).map_err(damaged)?;
        let mut walk = Walk { tree: Tree::default(), objects: 0, bytes_left: most_bytes };
        walk.group(&file.root(), "", DEEPEST)?;
        Ok(walk.tree)
    }

    /// The first text of an attribute.
    pub(super) fn text(&self, group: &str, attribute: &str) -> Option<&str> {
        self.groups.get(group)?.get(attribute)?.first().map(String::as_str)
    }

    /// The texts of an attribute, which is divided into numbered ones where it is large.
    pub(super) fn all_texts(&self, group: &str, attribute: &str) -> Vec<String> {
        let Some(attributes) = self.groups.get(group) else { return vec![] };
        if let Some(texts) = attributes.get(attribute) {
            return texts.clone();
        }
        let numbered = (0..).map_while(|number| attributes.get(&format!("{attribute}{number}")));
        numbered.flatten().cloned().collect()
    }
}

struct Walk {
    tree: Tree,
    objects: usize,
    bytes_left: usize,
}

impl Walk {
    fn group(
        &mut self,
        group: &Group,
        path: &str,
        depth: usize,
    ) -> std::result::Result<(), String> {
        self.objects += 1;
        if depth == 0 || self.objects > MOST_OBJECTS {
            return Err("it is damaged: a group is within itself".to_owned());
        }
        let attributes = group.attrs().map_err(damaged)?.into_iter();
        let texts =
            attributes.filter_map(|(name, value)| Some((name, value.as_strings()?.to_vec())));
        self.tree.groups.insert(path.to_owned(), texts.collect());
        let below =
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        for name in group.datasets().map_err(damaged)? {
            let dataset = group.dataset(&name).map_err(damaged)?;
            if let Some(tensor) =
                self.tensor(&dataset).map_err(|reason| format!("`{}`: {reason}", below(&name)))?
            {
                self.tree.tensors.insert(below(&name), tensor);
            }
        }
        for name in group.groups().map_err(damaged)? {
            self.group(&group.group(&name).map_err(damaged)?, &below(&name), depth - 1)?;
        }
        Ok(())
    }

    /// A tensor; `None` if it holds no numbers.
    fn tensor(
        &mut self,
        dataset: &Dataset,
    ) -> std::result::Result<Option<(Vec<usize>, Numbers)>, String> {
        self.objects += 1;
        let shape = dataset.shape().map_err(damaged)?;
        let shape: Option<Vec<usize>> = shape.iter().map(|&size| size.try_into().ok()).collect();
        let elements = shape.as_ref().and_then(|shape| {
            shape.iter().try_fold(8usize, |bytes, &size| bytes.checked_mul(size))
        });
        let (Some(shape), Some(bytes)) =
            (shape, elements.filter(|&bytes| bytes <= self.bytes_left))
        else {
            return Err("it is damaged: a tensor is larger than the file".to_owned());
        };
        self.bytes_left -= bytes;
        let numbers = match dataset.dtype().map_err(damaged)? {
            DType::F64 => Numbers::F64(dataset.read_f64().map_err(damaged)?),
            DType::F32 => Numbers::F32(dataset.read_f32().map_err(damaged)?),
            // Of 16 bits.
            DType::Other(_) if dataset.element_size().is_ok_and(|size| size == 2) => {
                Numbers::F32(dataset.read_f32().map_err(damaged)?)
            }
            // The number of rows that a `Normalization` has seen.
            DType::I32 | DType::I64 | DType::U32 | DType::U64 => {
                Numbers::F64(dataset.read_f64().map_err(damaged)?)
            }
            _ => return Ok(None),
        };
        match numbers.len() == shape.iter().product::<usize>() {
            true => Ok(Some((shape, numbers))),
            false => Err("it is damaged: a tensor has other numbers than its shape".to_owned()),
        }
    }
}

fn damaged(error: hdf5_pure::Error) -> String {
    format!("it is damaged or no HDF5 file: {error}")
}

/// A tensor to be written.
pub(crate) struct SavedTensor {
    /// Its path: `layers/dense/vars/0`.
    pub(crate) path: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f64>,
}

/// Writes tensors, in the dtype `E`, and the names of layers, each with its group.
///
/// # Errors
/// [`Error::File`].
pub(crate) fn write<E: Element>(
    path: &Path,
    tensors: &[SavedTensor],
    names: &[(String, String)],
) -> Result<()> {
    let mut root = Written::default();
    tensors.iter().for_each(|tensor| root.add(&tensor.path, tensor));
    names.iter().for_each(|(name, group)| root.group(group).name = Some(name));
    let mut file = FileBuilder::new();
    for (name, group) in &root.groups {
        let mut builder = file.create_group(name);
        group.write::<E>(&mut builder);
        file.add_group(builder.finish());
    }
    let failed = |source| Error::File { action: "write", path: path.into(), source };
    let bytes = file.finish().map_err(|error| failed(io::Error::other(error)))?;
    fs::write(path, bytes).map_err(failed)
}

/// A group to be written.
#[derive(Default)]
struct Written<'a> {
    groups: BTreeMap<&'a str, Written<'a>>,
    tensors: Vec<(&'a str, &'a SavedTensor)>,
    name: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn add(&mut self, path: &'a str, tensor: &'a SavedTensor) {
        match path.split_once('/') {
            Some((group, rest)) => self.groups.entry(group).or_default().add(rest, tensor),
            None => self.tensors.push((path, tensor)),
        }
    }

    /// The group of this path.
    fn group(&mut self, path: &'a str) -> &mut Written<'a> {
        path.split('/').fold(self, |group, name| group.groups.entry(name).or_default())
    }

    fn write<E>(&self, builder: &mut GroupBuilder) {
        if let Some(name) = self.name {
            builder.set_attr("name", AttrValue::String(name.to_owned()));
        }
        for (name, tensor) in &self.tensors {
            let shape: Vec<u64> = tensor.shape.iter().map(|&size| size as u64).collect();
            let dataset = builder.create_dataset(name);
            match size_of::<E>() {
                8 => dataset.with_f64_data(&tensor.numbers),
                _ => {
                    let numbers: Vec<f32> =
                        tensor.numbers.iter().map(|&number| number as f32).collect();
                    dataset.with_f32_data(&numbers)
                }
            };
            dataset.with_shape(&shape);
        }
        for (name, group) in &self.groups {
            let mut inner = builder.create_group(name);
            group.write::<E>(&mut inner);
            builder.add_group(inner.finish());
        }
    }
}
