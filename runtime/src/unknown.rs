//! Values of rows that training has not seen: categories and words outside of a vocabulary, and
//! numbers and dates outside of their range.
//!
//! A network computes a prediction for any row, however far it is from the rows that it was trained
//! on. Training therefore records the range of every number and date (of each element of an array,
//! and of the items of lists), the category indices, and whether an optional input was ever absent;
//! the vocabularies of `categories` and `words` are known anyway. The record is part of the
//! preprocessing and saved with it. A later training on other rows extends it.
//!
//! ```
//! # use multi_input::{prelude::*, unknown::Margin};
//! # #[multi_input_model]
//! # struct House {
//! #     #[input(standardize)]
//! #     rooms: f32,
//! #     #[input(categories(10))]
//! #     #[branch(Embedding(10, 2))]
//! #     town: String,
//! #     #[merge(concat(rooms, town))]
//! #     #[branch(Dense(1))]
//! #     #[output(loss = mse)]
//! #     price: f32,
//! # }
//! # let row = |i: usize| HouseSample { rooms: i as f32, town: "Ulm".into(), price: 1.0 };
//! # let train: Vec<_> = (1..=8).map(row).collect();
//! let mut model = House::build(&Cpu::default(), Seed(7));
//! Trainer::new(Adam::new(1e-3)).progress(Progress::silent()).fit(&mut model, &train)?;
//! let castle = HouseInputs { rooms: 90.0, town: "Camelot".to_owned() };
//! let predicted = model.predict_checked(&[castle], Margin::default())?;
//! println!("{}", predicted[0].price);
//! let unknown: Vec<String> = predicted[0].unknown().iter().map(ToString::to_string).collect();
//! assert_eq!(unknown, [
//!     "`rooms` is 90; training rows had 1 to 8",
//!     "`town` is `Camelot`; training rows had a vocabulary of 1 entries",
//! ]);
//! # Ok::<(), multi_input::Error>(())
//! ```

use std::{fmt, ops::Deref, sync::Arc};

use multi_input_base::{Error, Result};
use multi_input_data::{
    columns::RowSpec,
    preprocess::{Preprocessing, UnknownValue},
    Table,
};

pub use multi_input_data::preprocess::UnknownKind;

pub use crate::feature::Feature;
use crate::{definition::Graph, feature::columns};

/// How far a number or a date may be outside of the range of the training rows and still counts as
/// known, as a share of the length of the range: with `Margin(0.1)`, the default, numbers from -1 to
/// 11 are known where training rows had 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin(pub f64);

impl Default for Margin {
    fn default() -> Margin {
        Margin(0.1)
    }
}

/// A value of a row that training has not seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// The input, or the column of an array.
    pub feature: Feature,
    /// What is unknown.
    pub kind: UnknownKind,
    /// The value, as text; the first five words of several.
    pub found: String,
    /// The values of the training rows, as text.
    pub seen: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unknown { feature, found, seen, .. } = self;
        write!(f, "`{}` is {found}; training rows had {seen}", feature.name)
    }
}

/// A prediction, and the values of its row that training has not seen. It dereferences to the
/// prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPrediction<T> {
    /// The prediction.
    pub outputs: T,
    unknown: Vec<Unknown>,
    unrecorded: Arc<[&'static str]>,
}

impl<T> CheckedPrediction<T> {
    pub(crate) fn new(
        outputs: T,
        unknown: Vec<Unknown>,
        unrecorded: &Arc<[&'static str]>,
    ) -> CheckedPrediction<T> {
        CheckedPrediction { outputs, unknown, unrecorded: Arc::clone(unrecorded) }
    }

    /// The values of the row that training has not seen.
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    /// The inputs that no value can be unknown of, because their training values are not recorded:
    /// see [`UnknownValues::unrecorded`].
    pub fn unrecorded(&self) -> &[&'static str] {
        &self.unrecorded
    }
}

impl<T> Deref for CheckedPrediction<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.outputs
    }
}

/// The values of some rows that training has not seen. `Display` prints the number of rows by input
/// or column.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownValues {
    /// The unknown values of each row.
    pub rows: Vec<Vec<Unknown>>,
    /// The inputs whose training values are not recorded, or not all of them: every input of a model
    /// from a file of an earlier version, or of a model that was never fitted; pictures, texts
    /// without a vocabulary, and more than 65,536 ranges of category indices.
    pub unrecorded: Vec<&'static str>,
}

impl UnknownValues {
    /// The unknown values of a table of raw rows.
    ///
    /// # Errors
    /// [`Error::Settings`] for a margin that is negative or not finite, and those of encoding.
    pub(crate) fn of(
        (graph, row): (&'static Graph, Option<&'static RowSpec>),
        fitted: &Preprocessing,
        table: &Table,
        Margin(margin): Margin,
    ) -> Result<UnknownValues> {
        if !(0.0..f64::INFINITY).contains(&margin) {
            let mistake = format!("a margin is a share of at least 0, found {margin}");
            return Err(Error::Settings(vec![mistake]));
        }
        let unknown = |(index, value): (usize, UnknownValue)| {
            let UnknownValue { column, kind, found, seen, .. } = value;
            let column = column.filter(|column| *column < columns(&graph.inputs[index]));
            let feature = match column {
                Some(column) => Feature::of_column(graph, row, index, column),
                None => Feature::whole(graph, index),
            };
            Unknown { feature, kind, found, seen }
        };
        let by_row = fitted.unknown(table, margin)?.into_iter();
        let rows = by_row.map(|values| values.into_iter().map(unknown).collect());
        Ok(UnknownValues { rows: rows.collect(), unrecorded: fitted.unrecorded() })
    }

    /// The number of rows with an unknown value, for each input or column that has one, in the order
    /// of declaration.
    pub fn by_feature(&self) -> Vec<(&Feature, usize)> {
        let mut counts: Vec<(&Feature, usize, usize)> = Vec::new();
        for (row, unknown) in self.rows.iter().enumerate() {
            for feature in unknown.iter().map(|unknown| &unknown.feature) {
                match counts.iter_mut().find(|(other, ..)| *other == feature) {
                    Some((.., last)) if *last == row => {}
                    Some((_, count, last)) => (*count, *last) = (*count + 1, row),
                    None => counts.push((feature, 1, row)),
                }
            }
        }
        counts.sort_by_key(|(feature, ..)| (feature.index, feature.column));
        counts.into_iter().map(|(feature, count, _)| (feature, count)).collect()
    }

    /// The number of rows with at least one unknown value.
    pub fn rows_with_unknown(&self) -> usize {
        self.rows.iter().filter(|unknown| !unknown.is_empty()).count()
    }
}

impl fmt::Display for UnknownValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (with, all) = (self.rows_with_unknown(), self.rows.len());
        write!(f, "{with} of {all} rows have a value that training has not seen")?;
        for (feature, count) in self.by_feature() {
            let mut unknown = self.rows.iter().flatten();
            let example = unknown.find(|unknown| unknown.feature == *feature);
            let rows = if count == 1 { "row" } else { "rows" };
            write!(f, "\n  {count} {rows}")?;
            example.map_or(Ok(()), |example| write!(f, ", for example: {example}"))?;
        }
        if self.unrecorded.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.unrecorded.iter().map(|name| format!("`{name}`")).collect();
        write!(f, "\nno record of the training values of {}", names.join(", "))
    }
}
