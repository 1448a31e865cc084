//! What is learned from the training rows about the raw values, and applied to every row.
//!
//! One file a step. A step is fitted on the present values of the training rows only, so nothing of
//! the validation or test rows leaks into it, and it travels inside the checkpoint. [`stage`] says
//! what a step is; `Fitting` goes through the training rows, in one pass for each step that
//! learns from what another one has learned; [`Preprocessing`] then encodes any rows, a batch or a
//! whole table at a time.

mod affine;
#[cfg(test)]
mod augmentation_tests;
mod bins;
mod calendar;
mod categories;
mod center_crop;
mod clip;
mod contrast;
mod crossed;
mod fitting;
mod flip;
mod hashed;
mod image;
mod impute;
mod log1p;
mod mean;
mod min_max;
mod multi_hot;
mod normalize;
mod one_hot;
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
mod shrink;
#[doc(hidden)]
pub mod stages;
mod standardize;
mod target;
#[cfg(feature = "tokenizers")]
mod tokenizer;
mod vocabulary;
mod words;
mod zoom;

use std::sync::Arc;

use multi_input_base::{Notice, Result, RngKey};
use serde::{Deserialize, Serialize};

use self::{
    pipeline::{Pipeline, Plan, Saved},
    target::FittedTarget,
    vocabulary::VocabularySize,
};
use crate::{
    schema::{Derived, Schema},
    Column, Content, Labels, Table,
};

pub use crate::schema::stage::{Fixed, Learned, Random, Stage};
pub use crate::schema::{stage, Overflow};
pub use bins::Bins;
pub use calendar::Calendar;
pub use categories::Categories;
pub use center_crop::CenterCrop;
pub use clip::Clip;
pub use contrast::Contrast;
pub use crossed::Crossed;
pub use fitting::{Counts, Fitting};
pub use flip::Flip;
pub use hashed::Hashed;
pub use impute::Impute;
pub use log1p::Log1p;
pub use min_max::MinMax;
pub use multi_hot::MultiHot;
pub use normalize::Normalize;
pub use one_hot::OneHot;
pub use random_crop::RandomCrop;
pub use rescale::Rescale;
pub use resize::Resize;
pub use robust::Robust;
pub use rotate::Rotate;
pub use shrink::{push_inputs, push_sample};
pub use standardize::Standardize;
#[cfg(feature = "tokenizers")]
pub use tokenizer::Tokenizer;
pub use words::Words;
pub use zoom::Zoom;

/// The fitted preprocessing of a model.
#[derive(Clone)]
pub struct Preprocessing {
    schema: &'static Schema,
    inputs: Vec<Pipeline>,
    targets: Vec<FittedTarget>,
}

/// The preprocessing of a model in a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SavedPreprocessing {
    inputs: Vec<Saved>,
    targets: Vec<target::Saved>,
}

impl Preprocessing {
    /// Fits every step on some rows of a table of inputs and targets: the steps of a target on the rows
    /// that know it, those of the inputs on the rows that know some target.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row that a step or a target cannot take, and
    /// [`Error::Settings`](multi_input_base::Error::Settings) for a step that no rows can fit.
    pub fn fit(schema: &'static Schema, table: &Table, rows: &[usize]) -> Result<Preprocessing> {
        let mut fitting = Fitting::new(schema);
        while !fitting.is_done() {
            fitting.look(table, rows, &|_, _| true, 0)?;
            fitting.end_pass();
        }
        fitting.finish()
    }

    /// For a model that has nothing to learn from training rows.
    ///
    /// # Errors
    /// What has to be learned, in words.
    pub fn without_fitting(schema: &'static Schema) -> std::result::Result<Preprocessing, String> {
        if let Some(reason) = needed(schema) {
            return Err(reason);
        }
        // Loops, because a model that was never trained comes here for each prediction.
        let mut inputs = Vec::with_capacity(schema.inputs.len());
        for input in schema.inputs {
            inputs.push(Pipeline::unfitted(Plan::of_input(input))?);
        }
        let mut targets = Vec::with_capacity(schema.targets.len());
        for target in schema.targets {
            targets.push(FittedTarget::unfitted(target)?);
        }
        Ok(Preprocessing { schema, inputs, targets })
    }

    /// A table with the classes of labels in the place of the labels. `first` is the number of its
    /// first row, for errors.
    ///
    /// # Errors
    /// For a label that no training row had.
    pub fn classes(&self, table: Table, first: usize) -> Result<Table> {
        self.classes_where(table, &|_, _| true, first)
    }

    /// The same for rows of which some do not count: they may have labels that no other row had, and
    /// know no class then.
    ///
    /// # Errors
    /// For such a label in a row that counts.
    pub fn classes_where(
        &self,
        mut table: Table,
        counts: Counts<'_>,
        first: usize,
    ) -> Result<Table> {
        let columns = table.columns.iter_mut().skip(self.inputs.len());
        for (place, (target, column)) in self.targets.iter().zip(columns).enumerate() {
            *column = target.classes(column.clone(), first, |row| counts(place, row))?;
        }
        Ok(table)
    }

    /// For each output, what a difference of 1 in its target's unit is after the target's steps; empty
    /// where it has none.
    pub fn units(&self) -> Vec<Vec<f64>> {
        self.targets.iter().map(FittedTarget::units).collect()
    }

    /// Some rows of a table as the model takes them, and their targets as the losses compare with
    /// them. `first` is the number of the table's first row, for errors.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a row that a step cannot take.
    pub fn encode(&self, table: &Table, rows: &[usize], first: usize) -> Result<Table> {
        self.encode_batch(table, rows, (first, None))
    }

    /// Looks for a row of a table of samples that the model does not take.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a label, or a value that a step cannot take.
    pub fn check_samples(&self, table: &Table) -> Result<()> {
        self.check_inputs(&self.classes(table.clone(), 0)?)
    }

    /// The same for a table without labels.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) for a value that a step cannot take.
    pub fn check_inputs(&self, table: &Table) -> Result<()> {
        let all: Vec<usize> = (0..table.rows).collect();
        self.encode(table, &all, 0).map(drop)
    }

    /// Whether some input is changed at random in training.
    pub fn augments(&self) -> bool {
        self.inputs.iter().any(Pipeline::is_random)
    }

    /// The same; with a draw, the rows are a batch to train on.
    pub fn encode_batch(
        &self,
        table: &Table,
        rows: &[usize],
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Table> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let mut columns = Vec::with_capacity(table.columns.len() + self.schema.derived.len());
        for (place, (pipeline, column)) in self.inputs.iter().zip(inputs).enumerate() {
            let key = key.map(|key| key.layer(place as u64));
            let encoded = pipeline.encode(column, rows, (first, key))?;
            let input = &self.schema.inputs[place];
            columns.push(round::rounded(encoded, input, |row| first + rows[row])?);
        }
        for derived in self.schema.derived {
            columns.push(derive(derived, &table.columns, &columns, rows));
        }
        for (target, column) in self.targets.iter().zip(targets) {
            columns.push(target.encode(column, rows, first)?);
        }
        Ok(Table { columns, rows: rows.len() })
    }

    /// The labels of every output, in the order of the graph; none where it has none.
    pub fn labels(&self) -> Vec<Labels> {
        self.targets.iter().map(|target| target.labels().cloned().unwrap_or_default()).collect()
    }

    /// The labels of the training rows for an output that is marked `categories`, in the order of
    /// their classes.
    pub fn labels_of(&self, output: &str) -> Option<&Labels> {
        let place = self.schema.targets.iter().position(|known| known.name == output)?;
        self.targets.get(place)?.labels()
    }

    /// What a step of an input or of an output's target learned from the training rows, as it is
    /// saved: `learned("vitals", "standardize")` gives means and scales.
    pub fn learned(&self, field: &str, step: &str) -> Option<serde_json::Value> {
        if let Some(place) = self.schema.inputs.iter().position(|known| known.name == field) {
            return self.inputs.get(place)?.learned(step);
        }
        let place = self.schema.targets.iter().position(|known| known.name == field)?;
        self.targets.get(place)?.learned(step)
    }

    /// What the training rows held that found no place in a vocabulary, by input and step: it is
    /// unknown to the model.
    pub fn overflow(&self) -> Vec<(&'static str, &'static str, Overflow)> {
        let inputs = self.schema.inputs.iter().zip(&self.inputs);
        let all = inputs.flat_map(|(input, pipeline)| {
            pipeline.overflow().map(|(step, overflow)| (input.name, step.spec.name, overflow))
        });
        all.collect()
    }

    /// What the training rows had, or lacked, that is worth knowing: of the inputs in the order of
    /// the schema, and then of the outputs.
    pub fn notices(&self) -> Vec<Notice> {
        let inputs = self.inputs.iter().flat_map(Pipeline::notices);
        inputs.chain(self.targets.iter().flat_map(FittedTarget::notices)).collect()
    }

    /// The vocabulary that an input's steps have learned, or share.
    pub fn vocabulary_of(&self, input: &str) -> Option<VocabularySize> {
        let place = self.schema.inputs.iter().position(|known| known.name == input)?;
        self.inputs.get(place)?.vocabulary()
    }

    /// Brings the predictions of output `index` back to the user's unit.
    pub fn restore_unit(&self, index: usize, predictions: &mut [f64]) {
        if let Some(target) = self.targets.get(index) {
            target.invert(predictions);
        }
    }

    /// As a file holds it.
    pub fn save(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.saved()?)
    }

    fn saved(&self) -> serde_json::Result<SavedPreprocessing> {
        let inputs = self.inputs.iter().map(Pipeline::save).collect::<serde_json::Result<_>>()?;
        let targets =
            self.targets.iter().map(FittedTarget::save).collect::<serde_json::Result<_>>()?;
        Ok(SavedPreprocessing { inputs, targets })
    }

    /// What a file holds for a model of this schema.
    ///
    /// # Errors
    /// Why it cannot have been fitted for one.
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
        let inputs = inputs.map(|(input, saved)| Pipeline::restore(Plan::of_input(input), saved));
        let inputs = inputs.collect::<std::result::Result<_, _>>()?;
        let targets = schema.targets.iter().zip(saved.targets);
        let targets = targets.map(|(output, saved)| FittedTarget::restore(output, saved));
        let targets = targets.collect::<std::result::Result<_, _>>()?;
        Ok(Preprocessing { schema, inputs, targets })
    }
}

impl std::fmt::Debug for Preprocessing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Preprocessing").field(&self.saved()).finish()
    }
}

/// The column of a derived node, of the raw or, where steps make the categories, of the encoded
/// values of some rows.
fn derive(derived: &Derived, raw: &[Column], encoded: &[Column], rows: &[usize]) -> Column {
    let sources = derived.inputs.iter().filter_map(|&input| {
        let (raw, encoded) = (raw.get(input)?, encoded.get(input)?);
        let is_category =
            matches!(raw.content, Content::Categories { .. } | Content::Names | Content::Texts);
        Some(if is_category { raw.of_rows(rows) } else { encoded.clone() })
    });
    let values = Arc::new(derived.derivation.derive(derived, &sources.collect::<Vec<_>>()));
    let content = Content::Categories { below: derived.output.below.get() };
    let width = derived.output.elements().get();
    Column { name: derived.name, content, width, values, present: None }
}

/// Whether the same was learned.
impl PartialEq for Preprocessing {
    fn eq(&self, other: &Preprocessing) -> bool {
        matches!((self.saved(), other.saved()), (Ok(own), Ok(others)) if own == others)
    }
}

/// What has to be learned from training rows, in words; `None` where nothing has.
fn needed(schema: &'static Schema) -> Option<String> {
    let input = schema.inputs.iter().find_map(|input| Plan::of_input(input).needed());
    let output = || schema.targets.iter().find_map(target::needed);
    input
        .map(|reason| format!("input {reason}"))
        .or_else(|| output().map(|reason| format!("output {reason}")))
}
