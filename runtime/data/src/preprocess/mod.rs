//! Preprocessing of raw values: fitted on the training rows, applied to every row.
//!
//! Each step has a file. Steps are fitted only on the present values of the training rows, so that
//! no information of validation or test rows leaks, and are saved in the checkpoint. [`stage`]
//! defines the traits of steps; `Fitting` passes over the training rows, once for each step that
//! depends on a fitted one; [`Preprocessing`] then encodes batches or whole tables.

mod affine;
mod arithmetic;
#[cfg(test)]
mod augmentation_tests;
mod bins;
mod calendar;
mod categories;
mod center_crop;
mod clip;
mod contrast;
mod crossed;
mod derived;
mod fitted_fields;
mod fitting;
mod flip;
mod growing;
mod hashed;
mod image;
mod impute;
mod items;
mod log1p;
mod mean;
mod merging;
mod min_max;
mod multi_hot;
mod normalize;
mod one_hot;
#[cfg(feature = "onnx")]
mod onnx;
mod pad;
#[cfg(test)]
mod parts_tests;
mod pipeline;
mod random_crop;
mod rescale;
mod resize;
mod robust;
mod rotate;
mod round;
mod sample;
#[cfg(test)]
mod saved_tests;
mod seen;
mod seen_indices;
#[cfg(test)]
mod shard_tests;
mod shrink;
mod split;
#[doc(hidden)]
pub mod stages;
mod standardize;
mod target;
#[cfg(feature = "tokenizers")]
mod tokenizer;
mod transfer;
mod unknown;
mod vocabulary;
mod words;
mod zoom;

use multi_input_base::{Notice, Result, RngKey};
use serde::{Deserialize, Serialize};

use self::{
    pipeline::{Pipeline, Plan, Saved},
    target::FittedTarget,
    vocabulary::VocabularySize,
};
use crate::{
    schema::{Missing, Schema},
    Column, Labels, Table,
};

pub use crate::schema::stage::Stage;
pub use crate::schema::{stage, Growth, Overflow};
pub use arithmetic::{Arithmetic, Operation};
pub use bins::Bins;
pub use calendar::Calendar;
pub use categories::Categories;
pub use center_crop::CenterCrop;
pub use clip::Clip;
pub use contrast::Contrast;
pub use crossed::Crossed;
#[doc(hidden)] // For the training loop.
pub use fitted_fields::FittedFields;
#[doc(hidden)] // For the training loop.
pub use fitting::{Counts, Fitting};
pub use flip::Flip;
#[doc(hidden)] // For the training loop.
pub use growing::Growing;
pub use growing::GrownVocabulary;
pub use hashed::Hashed;
pub use impute::Impute;
pub use log1p::Log1p;
#[doc(hidden)] // For the training loop.
pub use merging::{open_statistics, seal_statistics};
pub use min_max::MinMax;
pub use multi_hot::MultiHot;
pub use multi_input_spec::step::{Inverse, Nature};
pub use normalize::Normalize;
pub use one_hot::OneHot;
pub use pad::Pad;
pub use random_crop::RandomCrop;
pub use rescale::Rescale;
pub use resize::Resize;
pub use robust::Robust;
pub use rotate::Rotate;
#[doc(hidden)] // For the training loop.
pub use shrink::{push_inputs, push_sample};
pub use split::Split;
pub use standardize::Standardize;
#[cfg(feature = "tokenizers")]
pub use tokenizer::Tokenizer;
pub use unknown::{UnknownKind, UnknownValue};
pub use words::Words;
pub use zoom::Zoom;

/// The fitted preprocessing of a model. scikit-learn: a fitted `ColumnTransformer`.
#[derive(Clone)]
pub struct Preprocessing {
    schema: &'static Schema,
    inputs: Vec<Pipeline>,
    derived: Vec<Pipeline>,
    targets: Vec<FittedTarget>,
}

/// The serialized form of the preprocessing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SavedPreprocessing {
    inputs: Vec<Saved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    derived: Vec<Saved>,
    targets: Vec<target::Saved>,
}

impl Preprocessing {
    /// Fits all steps on some rows of a table of samples: the steps of a target on the rows with a
    /// known target, the steps of the inputs on the rows with at least one known target.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row that a step or a target does not
    /// accept, and [`Error::Settings`](multi_input_base::Error::Settings) for a step that cannot be
    /// fitted on any rows.
    pub fn fit(schema: &'static Schema, table: &Table, rows: &[usize]) -> Result<Preprocessing> {
        Preprocessing::fit_keeping(schema, table, rows, &FittedFields::default())
    }

    /// As [`fit`](Preprocessing::fit), except for the fields that are `kept`.
    #[doc(hidden)] // For the training loop.
    pub fn fit_keeping(
        schema: &'static Schema,
        table: &Table,
        rows: &[usize],
        kept: &FittedFields,
    ) -> Result<Preprocessing> {
        let mut fitting = Fitting::keeping(schema, kept);
        while !fitting.is_done() {
            fitting.update(table, rows, &|_, _| true, 0)?;
            fitting.end_pass();
        }
        fitting.finish()
    }

    /// The preprocessing of a model without steps that need fitting.
    ///
    /// # Errors
    /// A description of the first step that needs fitting.
    pub fn without_fitting(schema: &'static Schema) -> std::result::Result<Preprocessing, String> {
        if let Some(reason) = needed(schema) {
            return Err(reason);
        }
        // Loops, because a model that was never trained comes here for each prediction.
        let mut inputs = Vec::with_capacity(schema.inputs.len());
        for input in schema.inputs {
            inputs.push(Pipeline::unfitted(Plan::of_input(input))?);
        }
        let mut derived = Vec::with_capacity(schema.derived.len());
        for node in schema.derived {
            derived.push(Pipeline::unfitted(Plan::of_derived(node))?);
        }
        let mut targets = Vec::with_capacity(schema.targets.len());
        for target in schema.targets {
            targets.push(FittedTarget::unfitted(target)?);
        }
        Ok(Preprocessing { schema, inputs, derived, targets })
    }

    /// Converts labels to classes. `first` is the index of the table's first row among all rows,
    /// for errors.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a label that no training row had.
    pub fn classes(&self, table: Table, first: usize) -> Result<Table> {
        self.classes_where(table, &|_, _| true, first)
    }

    /// As [`classes`](Preprocessing::classes), where rows for which `counts` is false may have
    /// unknown labels; their target is then absent.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for an unknown label in a row that counts.
    pub fn classes_where(
        &self,
        mut table: Table,
        counts: Counts<'_>,
        first: usize,
    ) -> Result<Table> {
        let columns = table.columns.iter_mut().skip(self.inputs.len());
        for (index, (target, column)) in self.targets.iter().zip(columns).enumerate() {
            *column = target.classes(column.clone(), first, |row| counts(index, row))?;
        }
        Ok(table)
    }

    /// For each output, the encoded size of one unit of its target, per index of the last axis;
    /// empty for targets without steps.
    pub fn units(&self) -> Vec<Vec<f64>> {
        self.targets.iter().map(FittedTarget::units).collect()
    }

    /// For each output, whether the steps of its target turn the order of numbers around.
    pub fn descends(&self) -> Vec<bool> {
        self.targets.iter().map(FittedTarget::descends).collect()
    }

    /// Encodes some rows of a table to model inputs and loss targets. `first` is the index of the
    /// table's first row among all rows, for errors.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row that a step cannot transform.
    pub fn encode(&self, table: &Table, rows: &[usize], first: usize) -> Result<Table> {
        self.encode_batch(table, rows, (first, None))
    }

    /// Returns the error of the first row of a table of samples that the model does not accept.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for an unknown label, or a value that a
    /// step cannot transform.
    pub fn check_samples(&self, table: &Table) -> Result<()> {
        self.check_inputs(&self.classes(table.clone(), 0)?)
    }

    /// As [`check_samples`](Preprocessing::check_samples), for a table without labels.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a value that a step cannot transform.
    pub fn check_inputs(&self, table: &Table) -> Result<()> {
        let all: Vec<usize> = (0..table.rows).collect();
        self.encode(table, &all, 0).map(drop)
    }

    /// Whether some input is augmented in training.
    pub fn augments(&self) -> bool {
        self.inputs.iter().chain(&self.derived).any(Pipeline::is_random)
    }

    /// As [`encode`](Preprocessing::encode); with an [`RngKey`], the rows are a training batch and
    /// random steps are applied.
    pub fn encode_batch(
        &self,
        table: &Table,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Table> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let mut columns = Vec::with_capacity(table.columns.len() + self.schema.derived.len());
        for (index, column) in inputs.iter().enumerate().take(self.inputs.len()) {
            columns.push(self.encode_input(index, column, rows, (first, key))?);
        }
        self.append_derived(inputs, &mut columns, rows, (first, key))?;
        for (target, column) in self.targets.iter().zip(targets) {
            columns.push(target.encode(column, rows, first)?);
        }
        Ok(Table { columns, rows: rows.len() })
    }

    /// Encodes some rows of the column of one input, as [`encode_batch`](Preprocessing::encode_batch)
    /// does.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row that a step cannot transform.
    pub fn encode_input(
        &self,
        index: usize,
        column: &Column,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Column> {
        let key = key.map(|key| key.layer(index as u64));
        let encoded = self.inputs[index].encode(column, rows, (first, key))?;
        let input = &self.schema.inputs[index];
        let has_means = input.missing == Some(Missing::Mean);
        round::rounded(encoded, input.steps, has_means, |row| first + rows[row])
    }

    /// Appends the columns of the derived nodes for some rows to the encoded columns of the inputs.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row of which nothing can be derived.
    pub fn append_derived(
        &self,
        raw: &[Column],
        encoded: &mut Vec<Column>,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<()> {
        for index in 0..self.derived.len() {
            let column = self.encode_derived(index, raw, encoded, rows, (first, key))?;
            encoded.push(column);
        }
        Ok(())
    }

    /// The column of derived node `index` for some rows, after its steps.
    fn encode_derived(
        &self,
        index: usize,
        raw: &[Column],
        encoded: &[Column],
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Column> {
        let node = &self.schema.derived[index];
        let column = derived::derive(node, raw, Some(encoded), (rows, first))?;
        let key = key.map(|key| key.layer((self.inputs.len() + index) as u64));
        let all: Vec<usize> = (0..rows.len()).collect();
        let encoded = self.derived[index].encode(&column, &all, (0, key));
        let rounded =
            encoded.and_then(|encoded| round::rounded(encoded, node.steps, true, |row| row));
        rounded.map_err(|error| derived::of_row(error, rows, first))
    }

    /// The fitted fields: all inputs, derived nodes and targets.
    #[doc(hidden)] // For the training loop.
    pub fn fields(&self) -> FittedFields {
        let inputs = self.schema.inputs.iter().zip(&self.inputs);
        let derived = self.schema.derived.iter().zip(&self.derived);
        let targets = self.schema.targets.iter().zip(&self.targets);
        FittedFields {
            inputs: inputs.map(|(input, fitted)| (input.name, fitted.clone())).collect(),
            derived: derived.map(|(node, fitted)| (node.name, fitted.clone())).collect(),
            targets: targets.map(|(target, fitted)| (target.name, fitted.clone())).collect(),
        }
    }

    /// The labels of every output, in the order of the graph; empty for outputs without labels.
    pub fn labels(&self) -> Vec<Labels> {
        self.targets.iter().map(|target| target.labels().cloned().unwrap_or_default()).collect()
    }

    /// The labels of the training rows for an output that is marked `categories`, in class order.
    pub fn labels_of(&self, output: &str) -> Option<&Labels> {
        let index = self.schema.targets.iter().position(|target| target.name == output)?;
        self.targets.get(index)?.labels()
    }

    /// The fitted state of a step of an input, a derived node or an output's target, as it is saved:
    /// `learned("vitals", "standardize")` gives means and scales.
    pub fn learned(&self, field: &str, step: &str) -> Option<serde_json::Value> {
        if let Some(index) = self.schema.inputs.iter().position(|other| other.name == field) {
            return self.inputs.get(index)?.learned(step);
        }
        if let Some(index) = self.schema.derived.iter().position(|other| other.name == field) {
            return self.derived.get(index)?.learned(step);
        }
        let index = self.schema.targets.iter().position(|other| other.name == field)?;
        self.targets.get(index)?.learned(step)
    }

    /// The entries of the training rows that are not in a vocabulary, by input and step. They are
    /// unknown to the model.
    pub fn overflow(&self) -> Vec<(&'static str, &'static str, Overflow)> {
        let inputs = self.schema.inputs.iter().map(|input| input.name).zip(&self.inputs);
        let derived = self.schema.derived.iter().map(|derived| derived.name).zip(&self.derived);
        let all = inputs.chain(derived).flat_map(|(name, pipeline)| {
            pipeline.overflow().map(move |(step, overflow)| (name, step.spec.name, overflow))
        });
        all.collect()
    }

    /// Notices about the training rows: of the inputs in the order of the schema, then of the
    /// derived nodes and the outputs.
    pub fn notices(&self) -> Vec<Notice> {
        let inputs = self.inputs.iter().chain(&self.derived).flat_map(Pipeline::notices);
        inputs.chain(self.targets.iter().flat_map(FittedTarget::notices)).collect()
    }

    /// The size of the vocabulary of an input, learned or shared.
    pub fn vocabulary_of(&self, input: &str) -> Option<VocabularySize> {
        let index = self.schema.inputs.iter().position(|other| other.name == input)?;
        self.inputs.get(index)?.vocabulary()
    }

    /// Converts the predictions of output `index` to the user's units, in place.
    pub fn restore_unit(&self, index: usize, predictions: &mut [f64]) {
        if let Some(target) = self.targets.get(index) {
            target.invert(predictions);
        }
    }

    /// Serializes the preprocessing to JSON.
    pub fn save(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.saved()?)
    }

    fn saved(&self) -> serde_json::Result<SavedPreprocessing> {
        let inputs = self.inputs.iter().map(Pipeline::save).collect::<serde_json::Result<_>>()?;
        // Without steps there is nothing to save.
        let has_steps = self.schema.derived.iter().any(|derived| !derived.steps.is_empty());
        let derived = self.derived.iter().filter(|_| has_steps).map(Pipeline::save);
        let derived = derived.collect::<serde_json::Result<_>>()?;
        let targets =
            self.targets.iter().map(FittedTarget::save).collect::<serde_json::Result<_>>()?;
        Ok(SavedPreprocessing { inputs, derived, targets })
    }

    fn saved_steps(&self) -> serde_json::Result<SavedPreprocessing> {
        let mut saved = self.saved()?;
        saved.inputs.iter_mut().for_each(Saved::forget_seen);
        Ok(saved)
    }

    /// As [`save`](Preprocessing::save), without the values that fitting has seen.
    #[doc(hidden)] // For the checksum of a model.
    pub fn steps_in_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.saved_steps()?)
    }

    /// Deserializes the preprocessing of a model with this schema.
    ///
    /// # Errors
    /// The reason why `saved` does not fit the schema.
    pub fn restore(
        schema: &'static Schema,
        saved: &str,
    ) -> std::result::Result<Preprocessing, String> {
        let saved: SavedPreprocessing =
            serde_json::from_str(saved).map_err(|error| error.to_string())?;
        if saved.inputs.len() != schema.inputs.len() || saved.targets.len() != schema.targets.len()
        {
            return Err("it has other inputs and outputs".to_owned());
        }
        let inputs = schema.inputs.iter().zip(saved.inputs);
        let inputs = inputs.map(|(input, saved)| Pipeline::restore_input(input, saved));
        let inputs = inputs.collect::<std::result::Result<_, _>>()?;
        let mut saved_derived = saved.derived.into_iter();
        let derived = schema.derived.iter().map(|derived| match saved_derived.next() {
            Some(saved) => Pipeline::restore(Plan::of_derived(derived), saved),
            None => Pipeline::unfitted(Plan::of_derived(derived)),
        });
        let derived = derived.collect::<std::result::Result<_, _>>()?;
        let targets = schema.targets.iter().zip(saved.targets);
        let targets = targets.map(|(output, saved)| FittedTarget::restore(output, saved));
        let targets = targets.collect::<std::result::Result<_, _>>()?;
        Ok(Preprocessing { schema, inputs, derived, targets })
    }
}

impl std::fmt::Debug for Preprocessing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Preprocessing").field(&self.saved()).finish()
    }
}

/// Equality of the fitted steps, by which rows are encoded; not of the values that fitting has seen, to
/// which a later training adds.
impl PartialEq for Preprocessing {
    fn eq(&self, other: &Preprocessing) -> bool {
        matches!((self.saved_steps(), other.saved_steps()), (Ok(own), Ok(others)) if own == others)
    }
}

/// Description of the first part that must be fitted on training rows; `None` if there is none.
fn needed(schema: &'static Schema) -> Option<String> {
    let input = schema.inputs.iter().find_map(|input| Plan::of_input(input).needed());
    let derived = || schema.derived.iter().find_map(|node| Plan::of_derived(node).needed());
    let output = || schema.targets.iter().find_map(target::needed);
    input
        .map(|reason| format!("input {reason}"))
        .or_else(|| derived().map(|reason| format!("derived node {reason}")))
        .or_else(|| output().map(|reason| format!("output {reason}")))
}
