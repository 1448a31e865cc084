//! The weights of a model independent of its definition.

use std::{borrow::Cow, collections::HashMap, fmt, path::Path};

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::{Backend, Element};
use safetensors::Dtype;

use super::{
    coverage,
    file::{Contents, Stored},
    key,
    model::{contents, load_read, Dtypes},
    parts::{self, Opened, Request},
    renames::Renames,
    CheckpointError, Signature,
};
use crate::{
    definition::{Graph, Schema},
    untyped::{transfer::TakenTensor, Coverage, LookUp, UntypedModel},
};

/// The weights, the fitted preprocessing and the coverage of any model, from which
/// [`Model::take`](crate::Model::take) takes nodes by name.
#[derive(Clone)]
pub struct Weights {
    /// The file, or the name of the model in backquotes.
    name: String,
    signature: Signature,
    contents: Contents,
    /// The coverage; `None` if unknown.
    coverage: Option<Coverage>,
    /// Whether untrained vectors are still to be filled, as in the file of a run.
    fills: bool,
}

/// The name, without the numbers.
impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Weights").field(&self.name).finish()
    }
}

impl Weights {
    /// Reads a file that [`Model::save`](crate::Model::save) or
    /// `callback::Checkpoint` wrote. The model's definition is not needed.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::Checkpoint`] if it is damaged or no such
    /// file.
    pub fn file(path: impl AsRef<Path>) -> Result<Weights> {
        let path = path.as_ref();
        let all = Request { graph: None, divided: None, dtype: Dtype::F32, with_state: false };
        let Opened { contents, .. } = parts::open(path, &all)?;
        let damaged = |reason| CheckpointError::Damaged { path: path.into(), reason };
        let signature = Signature::in_file(path, contents.text(path, key::SIGNATURE)?)?;
        Weights::new(path.display().to_string(), signature, contents)
            .map_err(|reason| damaged(reason).into())
    }

    /// The weights of a model in memory, whose tables are whole.
    pub(crate) fn of<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Result<Weights> {
        let graph = model.graph();
        let name = format!("`{}`", graph.name);
        Weights::new(name, Signature::of(graph), contents(model)?).map_err(Error::Device)
    }

    /// Loads all of it into a model of the same definition and dtype.
    pub(crate) fn load_into<E: Element, D: Backend<E>>(
        self,
        model: &mut UntypedModel<E, D>,
    ) -> Result<()> {
        load_read(model, Path::new(&self.name), self.contents, Dtypes::Same)
    }

    fn new(
        name: String,
        signature: Signature,
        contents: Contents,
    ) -> std::result::Result<Weights, String> {
        let (coverage, fills) = match coverage::read(&contents)? {
            Some((coverage, fills)) => (Some(coverage), fills),
            None => (None, false),
        };
        Ok(Weights { name, signature, contents, coverage, fills })
    }

    /// With the names that the nodes have in a model with this graph.
    ///
    /// # Errors
    /// A description of invalid contents.
    pub(crate) fn renamed(&self, graph: &Graph) -> std::result::Result<Cow<'_, Weights>, String> {
        let renames = Renames::of(graph, &self.signature);
        if renames.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let contents = self.contents.clone().renamed(&renames, self.signature.clone())?;
        let signature = self.signature.clone().renamed(&renames);
        Weights::new(self.name.clone(), signature, contents).map(Cow::Owned)
    }

    /// The file, or the name of the model in backquotes.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The descriptions of the model's nodes, inputs and outputs.
    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The coverage; `None` if unknown.
    pub(crate) fn coverage(&self) -> Option<&Coverage> {
        self.coverage.as_ref()
    }

    /// The fitted preprocessing of the wanted fields, as far as it is fitted, for a model with this
    /// schema.
    ///
    /// # Errors
    /// The reason why a field does not fit.
    pub(crate) fn fitted(
        &self,
        schema: &'static Schema,
        wanted: impl Fn(&str) -> bool,
    ) -> std::result::Result<FittedFields, String> {
        let texts = &self.contents.texts;
        match texts.get(key::PREPROCESSING).or_else(|| texts.get(key::TAKEN)) {
            Some(saved) => FittedFields::restore(schema, saved, wanted),
            None => Ok(FittedFields::default()),
        }
    }

    /// The shape and the dtype of a tensor.
    pub(crate) fn tensor(&self, name: &str) -> Option<(&[usize], String)> {
        let stored = self.contents.tensors.get(name)?;
        Some((&stored.shape, format!("{:?}", stored.dtype)))
    }

    /// A number of a tensor that `E` cannot hold, or the dtype of a tensor without numbers.
    pub(crate) fn not_held<E: Element>(&self, name: &str) -> Option<String> {
        self.contents.tensors.get(name)?.not_held::<E>()
    }

    /// The tensors with these names, as far as they are there, each with the look-up whose table it
    /// is.
    pub(crate) fn tensors<E: Element>(
        &self,
        names: &[Option<String>],
        tables: &[Option<LookUp>],
    ) -> HashMap<String, TakenTensor<E>> {
        let named = names.iter().zip(tables).filter_map(|(name, table)| {
            let name = name.as_ref()?;
            let stored = self.contents.tensors.get(name)?;
            let taken = TakenTensor {
                shape: stored.shape.clone(),
                elements: self.elements(name, stored, table.as_ref()),
            };
            Some((name.clone(), taken))
        });
        named.collect()
    }

    fn elements<E: Element>(&self, name: &str, stored: &Stored, table: Option<&LookUp>) -> Vec<E> {
        let mean = coverage::stand_in(&self.contents, name).filter(|_| self.fills);
        let stored = mean.filter(|mean| mean.elements() == stored.elements()).unwrap_or(stored);
        let mut elements = vec![E::zero(); stored.elements()];
        stored.copy_into(&mut elements);
        if let (Some(coverage), Some(table), true) = (&self.coverage, table, self.fills) {
            coverage.fill_table(table, &mut elements, None);
        }
        elements
    }
}
