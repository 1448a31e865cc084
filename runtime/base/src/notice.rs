//! What is worth knowing about a run although it is no error.
//!
//! What the settings, the fitted preprocessing and the rows let one know is said before the first
//! step, once, as a list: on standard error (also with
//! `Progress::silent`), to callbacks as
//! `Event::Notices`, in
//! `History::notices`, in the log of
//! `JsonLines` and in the report. What only shows during the run, such
//! as a monitored figure that is NaN, goes the same way when it happens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quote::{Escaped, Quoted};

/// One thing worth knowing about a run. Prints as
/// `` `field`, column `name`, step: message ``.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about, for programs.
    pub kind: NoticeKind,
    /// The input, output or node; `None` where it is about the run.
    pub field: Option<String>,
    /// The index on the last axis, where the field has several columns and one of them is meant.
    pub column: Option<usize>,
    /// The name of that column, where the field is filled by `columns(...)`.
    pub column_name: Option<String>,
    /// The step of preprocessing or the callback that says it.
    pub by: Option<String>,
    /// The fact with its figures, what follows from it, and what can be done.
    pub message: String,
}

/// What a [`Notice`] is about.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A vocabulary is too small for the values of the training rows.
    VocabularyOverflow,
    /// A column has one value in all training rows, so it is not scaled.
    ConstantColumn,
    /// A column has no value in any training row.
    EmptyColumn,
    /// No training row has an unknown category or word.
    UnknownUnseen,
    /// An optional input is present in all training rows.
    NeverAbsent,
    /// Training and validation rows have different classes or categories.
    ClassUnseen,
    /// A metric is not defined on the validation rows.
    UndefinedMetric,
    /// A figure that a callback monitors is NaN.
    NanMonitor,
    /// Rows were left out.
    SkippedRows,
    /// Anything else.
    Other,
}

impl Notice {
    /// A notice about the run as a whole.
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Notice {
        let message = message.into();
        Notice { kind, field: None, column: None, column_name: None, by: None, message }
    }

    /// The same about a field of the model.
    #[must_use]
    pub fn about(self, field: impl Into<String>) -> Notice {
        Notice { field: Some(field.into()), ..self }
    }

    /// The same about one column of the field.
    #[must_use]
    pub fn column(self, column: usize) -> Notice {
        Notice { column: Some(column), ..self }
    }

    /// The same as said by a step of preprocessing or a callback.
    #[must_use]
    pub fn by(self, by: impl Into<String>) -> Notice {
        Notice { by: Some(by.into()), ..self }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.as_ref().map(|field| format!("`{field}`"));
        let column = match (self.column, &self.column_name) {
            (_, Some(name)) => Some(format!("column {}", Quoted(name))),
            (Some(index), None) => Some(format!("number {index} of the row, from 0")),
            (None, None) => None,
        };
        let from: Vec<String> = field.into_iter().chain(column).chain(self.by.clone()).collect();
        match from.is_empty() {
            true => Escaped(&self.message).fmt(f),
            false => write!(f, "{}: {}", from.join(", "), Escaped(&self.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_its_field_and_who_says_it() {
        let notice = Notice::new(NoticeKind::ConstantColumn, "it is constant");
        assert_eq!(notice.to_string(), "it is constant");
        assert_eq!(notice.clone().by("Timer").to_string(), "Timer: it is constant");
        let notice = notice.about("rooms");
        assert_eq!(notice.to_string(), "`rooms`: it is constant");
        let notice = notice.by("standardize");
        assert_eq!(notice.to_string(), "`rooms`, standardize: it is constant");
        let mut notice = notice.column(2);
        assert_eq!(
            notice.to_string(),
            "`rooms`, number 2 of the row, from 0, standardize: it is constant"
        );
        notice.column_name = Some("age".to_owned());
        assert_eq!(notice.to_string(), "`rooms`, column `age`, standardize: it is constant");
    }
}
