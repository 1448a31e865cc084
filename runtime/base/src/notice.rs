//! Warnings about a run that are not errors.
//!
//! Notices about the settings, the fitted preprocessing and the rows are reported once, before the
//! first step: on standard error (also with `Progress::silent`), to callbacks as `Event::Notices`,
//! in `History::notices`, in the log of `JsonLog` and in the report. Notices that arise during
//! the run, such as a monitored value that is NaN, are reported in the same way when they occur.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quote::{Escaped, Quoted};

/// A warning about a run. Displayed as `` `field`, column `name`, step: message ``.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Category of the notice, for programs.
    pub kind: NoticeKind,
    /// Name of the input, output or node; `None` where the notice is about the run.
    pub field: Option<String>,
    /// Index on the last axis, where the notice is about one column of a field with several
    /// columns.
    pub column: Option<usize>,
    /// Name of that column, where the field is filled by `columns(...)`.
    pub column_name: Option<String>,
    /// The preprocessing step or the callback that reports the notice.
    pub by: Option<String>,
    /// The observation with its numbers, its consequence and a remedy.
    pub message: String,
}

/// Category of a [`Notice`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A vocabulary is too small for the values of the training rows.
    VocabularyOverflow,
    /// A column is constant in all training rows, so it is not scaled.
    ConstantColumn,
    /// A column is missing in all training rows.
    EmptyColumn,
    /// No training row has an unknown category or word.
    UnknownUnseen,
    /// An optional input is present in all training rows.
    NeverAbsent,
    /// The training and the validation rows have different classes or categories.
    ClassUnseen,
    /// A metric is undefined on the validation rows.
    UndefinedMetric,
    /// A value that a callback monitors is NaN.
    NanMonitor,
    /// Rows were skipped.
    SkippedRows,
    /// The preprocessing of a frozen branch is fitted anew, although its weights are for an earlier
    /// fit.
    FrozenScale,
    /// An embedding starts at the vectors of a file; the number of entries that the file has.
    PretrainedVectors,
    /// Any other notice.
    Other,
}

impl Notice {
    /// A notice about the run as a whole.
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Notice {
        let message = message.into();
        Notice { kind, field: None, column: None, column_name: None, by: None, message }
    }

    /// Sets the field that the notice is about.
    #[must_use]
    pub fn about(self, field: impl Into<String>) -> Notice {
        Notice { field: Some(field.into()), ..self }
    }

    /// Sets the column of the field, an index on the last axis.
    #[must_use]
    pub fn column(self, column: usize) -> Notice {
        Notice { column: Some(column), ..self }
    }

    /// Sets the preprocessing step or the callback that reports the notice.
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
        let source: Vec<String> = field.into_iter().chain(column).chain(self.by.clone()).collect();
        match source.is_empty() {
            true => Escaped(&self.message).fmt(f),
            false => write!(f, "{}: {}", source.join(", "), Escaped(&self.message)),
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
