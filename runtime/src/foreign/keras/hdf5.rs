//! HDF5 files: their groups, texts and tensors, by path.

use std::collections::BTreeMap;

use hdf5_pure::{DType, Dataset, File, Group};

use crate::foreign::layer::Numbers;

/// The contents of a file. Paths have no slash in front.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The attributes of the groups that are texts.
    pub(super) groups: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The tensors of floats; others are counters and random states, which are no weights.
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
    pub(super) fn read(bytes: Vec<u8>) -> Result<Tree, String> {
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
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), String> {
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

    /// A tensor of floats.
    fn tensor(&mut self, dataset: &Dataset) -> Result<Option<(Vec<usize>, Numbers)>, String> {
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
