//! A fitted model's raw inputs and predictions as data, for programs that do not know its types: a
//! server, a page with a form, a file for another runtime. Everything is plain serde data.

use serde::{Deserialize, Serialize};

/// The raw inputs and the predictions of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The name of the annotated struct.
    pub model: String,
    /// The inputs, in the order of declaration.
    pub inputs: Vec<InputDescription>,
    /// The outputs with a loss, and then those without.
    pub outputs: Vec<OutputDescription>,
}

/// An input, as rows hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputDescription {
    /// The name of the field.
    pub name: String,
    /// The text of the field's `///` comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// The name of the newtype of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What a single value is.
    pub value: ValueKind,
    /// The shape of the values of a row, or of an item of a list: empty for a single one.
    pub shape: Vec<usize>,
    /// Whether a row holds a list of any length, of items of this shape.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub list: bool,
    /// Whether a row may lack the input as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether single values may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blanks: bool,
    /// Texts and numbers that denote a missing value, besides `null` and a blank text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The keys of a row that hold the input.
    pub keys: Keys,
    /// The preprocessing steps as the user wrote them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// The entries of the vocabulary that training has learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// For each value of a row, or of an item of a list, the least and the greatest one of the training
    /// rows; empty unless they are numbers or dates and recorded, `None` where every row lacked it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Option<[Scalar; 2]>>,
}

/// What a single raw value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ValueKind {
    /// A finite number.
    Number {
        /// Whether it is held in double precision.
        double: bool,
    },
    /// A whole number.
    Integer {
        /// The least number.
        least: i64,
        /// The greatest number.
        most: u64,
    },
    /// The index of a category.
    Category {
        /// The number of categories: the first index that is out of range.
        below: usize,
    },
    /// True or false.
    Flag,
    /// A text.
    Text {
        /// Whether it is the name of a category, around which white space is removed.
        category: bool,
    },
    /// A date.
    Date {
        /// How it is written.
        form: DateForm,
    },
    /// A date and a time of day.
    Time {
        /// How it is written.
        form: DateForm,
        /// Whether it has a zone.
        zone: bool,
    },
    /// An image file: a `data:` URL, or base64.
    Image {
        /// The number of channels: 1, 3 or 4.
        channels: usize,
        /// Whether the text is base64 without the head of a `data:` URL as well.
        base64: bool,
    },
    /// A value that a function of the user's own reads.
    Custom,
}

/// How dates and times are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// ISO 8601.
    Iso,
    /// A pattern of `strftime`.
    Pattern(String),
    /// Seconds since 1970-01-01 00:00 UTC, as a number.
    Seconds,
    /// Milliseconds since 1970-01-01 00:00 UTC, as a number.
    Milliseconds,
}

/// The keys of a row in JSON that hold an input; an array may always be a list under the input's own
/// name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// One key, with all values in a list if there are several.
    One(String),
    /// A key for each value.
    Each(Vec<String>),
    /// A key for each value, which begins with this text; in the order of the keys.
    Prefix(String),
    /// A key for each value: those of the row that no other input uses, in the order of the keys.
    AllOthers,
}

/// The entries of a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The entries, the most frequent first; at most [`Known::MOST`]. Any other value counts as
    /// unknown and is no error.
    pub entries: Vec<String>,
    /// The number of entries that are left out here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

impl Known {
    /// The most entries that a description lists.
    pub const MOST: usize = 1000;

    /// The entries of a vocabulary, as far as they are listed.
    pub fn of(mut entries: Vec<String>) -> Known {
        let more = entries.len().saturating_sub(Known::MOST);
        entries.truncate(Known::MOST);
        Known { entries, more }
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A number, or a date as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// A date or a time in ISO 8601.
    Date(String),
}

/// An output, as predictions hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputDescription {
    /// The name of the field.
    pub name: String,
    /// The text of the field's `///` comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// The name of the newtype of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What is predicted.
    pub predicts: Predicts,
    /// The shape of the predicted values of a row: empty for a single one. The numbers of a class
    /// output are the probabilities of its classes.
    pub shape: Vec<usize>,
    /// What is predicted of each value; `Value` for the value itself.
    pub parts: Parts,
    /// Whether the numbers are held in double precision.
    pub double: bool,
}

/// What the numbers of a prediction are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Predicts {
    /// Numbers in the unit of the target.
    Numbers,
    /// Probabilities that flags are true.
    Flags,
    /// The probabilities of the classes.
    Classes {
        /// The labels of the classes, in class order; `None` for classes without labels. There may be
        /// fewer labels than classes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Vec<String>>,
    },
    /// The values of an output without a loss.
    Values,
}

/// The numbers that are predicted of one value of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parts {
    /// The value itself.
    Value,
    /// Its quantiles of these levels.
    Quantiles(Vec<f64>),
    /// Numbers by name, such as `mean` and `std`.
    Named(Vec<String>),
    /// This many numbers of a loss of the user's own.
    Unnamed(usize),
}

impl Parts {
    /// The number of numbers for each value.
    pub fn count(&self) -> usize {
        match self {
            Parts::Value => 1,
            Parts::Quantiles(levels) => levels.len(),
            Parts::Named(names) => names.len(),
            Parts::Unnamed(count) => *count,
        }
    }
}

impl InputDescription {
    /// The number of values of a row, or of an item of a list.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }
}

impl OutputDescription {
    /// The number of numbers of a row's prediction.
    pub fn width(&self) -> usize {
        self.shape.iter().product::<usize>() * self.parts.count()
    }
}
