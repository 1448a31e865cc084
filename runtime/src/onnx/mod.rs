//! A model as an ONNX file: raw inputs, preprocessing, network and predictions in one graph.
//!
//! [`Model::export_onnx`](crate::Model::export_onnx) writes it, and [`Export`] where inputs enter behind
//! their preprocessing. The opset is 17, and 20 where a step takes texts apart.
//!
//! # Inputs
//!
//! They have the names of the fields. A row's values are its shape behind the axis `batch`; a single
//! value has no axis of its own.
//!
//! | field | input | shape |
//! |---|---|---|
//! | `f32` | `float` | `[batch]` |
//! | `f64` | `double` | `[batch]` |
//! | `i64`, `u64` | `int64`; `double` where a step fills missing numbers | `[batch]` |
//! | `u32` | `int64` | `[batch]` |
//! | `bool` | `bool`; `float` where a step fills missing ones | `[batch]` |
//! | `String` | `string` | `[batch]` |
//! | `NaiveDate` | `int64`: days since 1970-01-01 | `[batch]` |
//! | `NaiveDateTime`, `DateTime<Utc>` | `int64`: milliseconds since 1970-01-01 00:00 (UTC) | `[batch]` |
//! | `[T; N]` | as `T` | `[batch, N]` |
//! | `Image<C>` | `float`: channels first, 0 to 255, the pictures of a call all of one size | `[batch, C, height, width]` |
//! | `Vec<T>` | as `T`, and `NAME.length`, `int64`: the number of items | `[batch, items]`, `[batch]` |
//! | `Option<T>` | as `T`, and `NAME.present`, `bool` | as `T`, `[batch]` |
//!
//! A missing number is NaN. The values of a row that lacks the input, and those behind the length of a
//! list, are arbitrary. `predict` refuses some values, such as a category out of range; a graph cannot,
//! and what it gives for them is arbitrary too. Each input's metadata says what it accepts.
//!
//! # Outputs
//!
//! They have the names of the fields (`NAME.output` where an input has that name) and are `float`, in the
//! unit of the target: `[batch]` for a single number or flag, `[batch, N]` for `[T; N]`. A class output is
//! the probabilities `[batch, classes]`, beside `NAME.label`, the most probable label, where labels are
//! learned. A loss that predicts several numbers of each number, such as quantiles, adds a last axis.
//!
//! # Metadata
//!
//! The file's `metadata_props` have the keys
//!
//! - `multi_input.description`: the JSON of [`Model::description`](crate::Model::description): the fields,
//!   with the keys that hold them in a row, their types, ranges, categories and labels;
//! - `multi_input.signature`: the signature of the model, by which its own files are compared;
//! - `multi_input.inputs` and `multi_input.outputs`: a JSON list with an object for each input and output
//!   of the graph:
//!
//! | key | value |
//! |---|---|
//! | `name`, `type`, `shape` | as above; an axis that a call chooses is its name in words |
//! | `field` | the field of the description |
//! | `role` | of inputs `value`, `present`, `length` or `encoded`; of outputs `prediction` or `label` |
//! | `doc` | the text of the field's `///` comment |
//! | `accepts` | the values that `predict` accepts, in words |
//! | `time` | of dates `days` or `milliseconds` |
//! | `separator` | of a text that the graph cuts: at which text; an item has no white space around it |
//! | `steps` | of an encoded input: the steps that it enters behind, as they are written in the definition |
//! | `derived_from` | of an encoded derived node: the inputs it is computed of |
//! | `below` | of encoded categories: the first index that is out of range |
//! | `padding` | of encoded words and padded lists: `before` or `after` |
//! | `vocabulary` | of encoded texts: its entries, of which the first has the index 2; 0 is padding, 1 unknown |
//!
//! With these a program that knows nothing of the model fills the inputs from a row in JSON. `docs/onnx.md`
//! shows how, and `tests/onnx/client.py` is such a program in Python.
//!
//! # What cannot be written
//!
//! ONNX has no hashes of ours, no tokenizers and no splitting of texts at words. Such a step is refused
//! with [`Error::Export`], unless the input enters behind its preprocessing, as
//! indices that the caller computes: `Export::of(&model).encoded("review")`, or
//! `export = onnx(encoded(review))` in the definition. A step or a derivation of one's own is written if it
//! implements `to_onnx`, a loss of one's own if it predicts by its [`LossForm`](crate::loss::LossForm).

mod inputs;
mod metadata;
mod network;
mod outputs;

use std::path::Path;

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_onnx::File;

pub use multi_input_data::schema::OnnxSource;
pub use multi_input_onnx::{
    Attribute, DataType, Dim, Flow, Graph, Operator, Refusal, Tensor, Value,
};

use crate::{description::Description, untyped::UntypedModel};

/// An export with settings.
///
/// ```
/// use multi_input::{onnx::Export, prelude::*};
///
/// #[multi_input_model]
/// struct Review {
///     #[input(hashed(1000))]
///     #[branch(Embedding(1000, 8))]
///     author: String,
///
///     #[from(author)]
///     #[branch(Dense(1))]
///     #[output(loss = mse)]
///     stars: f32,
/// }
///
/// let model = Review::build(&Cpu::default(), Seed(7));
/// # let folder = std::env::temp_dir();
/// # if false {
/// // ONNX has no such hash: the caller computes it, and the file takes the indices.
/// Export::of(&model).encoded("author").write(folder.join("review.onnx"))?;
/// # }
/// # Ok::<(), multi_input::Error>(())
/// ```
#[derive(Clone)]
pub struct Export<'a> {
    model: &'a dyn Exported,
    encoded: Vec<String>,
}

/// A model that can be exported: [`Model`](crate::Model).
pub trait Exported {
    /// Writes the file. The columns `encoded` enter behind their preprocessing.
    #[doc(hidden)]
    fn export(&self, encoded: &[String], path: &Path) -> Result<()>;
}

impl<'a> Export<'a> {
    /// The export of a model.
    pub fn of(model: &'a dyn Exported) -> Export<'a> {
        Export { model, encoded: Vec::new() }
    }

    /// Lets an input or a derived node enter behind its preprocessing, besides those of the definition's
    /// `export = onnx(encoded(..))`.
    #[must_use]
    pub fn encoded(mut self, field: impl Into<String>) -> Export<'a> {
        self.encoded.push(field.into());
        self
    }

    /// Writes the file. One that exists is replaced once the new one is complete.
    ///
    /// # Errors
    /// [`Error::Export`] for a field that ONNX cannot express, [`Error::Unfitted`] before training,
    /// [`Error::Settings`] if an encoded field is none of the model, [`Error::File`] if the file cannot be
    /// written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.model.export(&self.encoded, path.as_ref())
    }
}

/// Writes a model.
pub(crate) fn export<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    description: &Description,
    encoded: &[String],
    path: &Path,
) -> Result<()> {
    file(model, description, encoded)?.write(path)
}

/// A model as the contents of a file.
fn file<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    description: &Description,
    encoded: &[String],
) -> Result<File> {
    let (definition, fitted) = (model.graph(), model.fitted()?);
    let plan = inputs::Plan::of(definition, description, encoded)?;
    let mut graph = Graph::new();
    if plan.cuts_texts() {
        graph = graph.with_texts();
    }
    let (columns, inputs) = inputs::write(&mut graph, &plan, &fitted)?;
    let heads = network::write(&mut graph, model, &columns)?;
    let outputs = outputs::write(&mut graph, definition, description, &fitted, &heads, &inputs)?;
    let metadata = metadata::of(definition, description, &inputs, &outputs)?;
    Ok(File { name: definition.name.to_owned(), doc: String::new(), graph, metadata })
}

/// The error of a field that ONNX cannot express.
fn refused(field: &str, refusal: Refusal) -> Error {
    Error::Export { field: field.to_owned(), reason: refusal.reason, instead: refusal.instead }
}
