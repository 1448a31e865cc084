//! What is learned of a target, so that predictions come back in the user's terms.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::standardize::{Moments, Standardize};
use crate::{
    data::{Column, Content, Labels, Values},
    definition::{Output, Target},
    Error, Result,
};

/// The fitted preprocessing of a target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TargetFit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standardize: Option<Standardize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
}

impl TargetFit {
    /// The class of every label; other targets stay as they are.
    pub(super) fn classes(
        &self,
        output: &Output,
        mut column: Column,
        first: usize,
    ) -> Result<Column> {
        let (Some(labels), Values::Texts(texts)) = (&self.labels, &column.values) else {
            return Ok(column);
        };
        let class = |(row, label): (usize, &std::sync::Arc<str>)| {
            labels.index(label).map(|class| class as u32).ok_or_else(|| Error::Value {
                row: first + row,
                field: output.name.to_owned(),
                expected: format!("a label of the training rows: {labels}"),
                found: format!("`{label}`"),
            })
        };
        let classes = texts.iter().enumerate().map(class).collect::<Result<_>>()?;
        column.values = Values::Categories(classes);
        column.content = Content::Categories { below: output.width };
        Ok(column)
    }

    /// The target as the loss compares with it.
    pub(super) fn encode(&self, column: &Column, rows: &[usize]) -> Column {
        let mut values = column.values.of_rows(column.width, rows);
        if let (Some(step), Values::Numbers(numbers)) = (&self.standardize, &mut values) {
            step.transform(numbers);
        }
        Column {
            name: column.name,
            content: column.content,
            width: column.width,
            values,
            present: None,
        }
    }

    /// Brings predictions back to the user's unit.
    pub(super) fn restore(&self, predictions: &mut [f64]) {
        if let Some(step) = &self.standardize {
            step.invert(predictions);
        }
    }

    pub(super) fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// Why this cannot have been learned for `output`.
    pub(super) fn check(&self, output: &Output) -> std::result::Result<(), String> {
        let name = output.name;
        if self.standardize.is_some() != is_standardized(output)
            || self.labels.is_some() != output.labels
        {
            return Err(format!("the steps of `{name}` are others"));
        }
        if let Some(step) = &self.standardize {
            step.check_width(output.width).map_err(|reason| format!("`{name}`: {reason}"))?;
        }
        match &self.labels {
            Some(labels) if !labels.is_sound() || labels.names().len() > output.width => {
                Err(format!("the labels of `{name}` are out of order, or too many"))
            }
            _ => Ok(()),
        }
    }
}

/// What has to be learned of a target, in words; `None` where nothing has.
pub(super) fn needed(output: &Output) -> Option<String> {
    match (is_standardized(output), output.labels) {
        (true, _) => Some(format!("output `{}` needs its target's mean", output.name)),
        (_, true) => Some(format!("output `{}` needs its labels", output.name)),
        _ => None,
    }
}

/// A flag or class has no unit to standardize.
fn is_standardized(output: &Output) -> bool {
    output.standardize && output.target == Target::Numbers
}

/// A target while its preprocessing is fitted.
pub(super) struct Looking {
    output: &'static Output,
    moments: Option<Moments>,
    labels: Option<BTreeSet<String>>,
}

impl Looking {
    pub(super) fn new(output: &'static Output) -> Looking {
        Looking {
            output,
            moments: is_standardized(output).then(|| Moments::new(output.width)),
            labels: output.labels.then(BTreeSet::new),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.moments.is_none() && self.labels.is_none()
    }

    /// Takes a look at some training rows.
    ///
    /// # Errors
    /// For the first label that is one too many.
    pub(super) fn look(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        match (&mut self.moments, &mut self.labels, column.values.of_rows(column.width, rows)) {
            (Some(moments), _, Values::Numbers(numbers)) => moments.look(&numbers),
            (_, Some(labels), Values::Texts(texts)) => {
                for (text, row) in texts.iter().zip(rows) {
                    if labels.contains(&**text) {
                        continue;
                    }
                    if labels.len() == self.output.width {
                        return Err(too_many(self.output, labels, text, first + row));
                    }
                    labels.insert(text.to_string());
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(self) -> TargetFit {
        TargetFit {
            standardize: self.moments.map(Moments::learn),
            labels: self.labels.map(Labels::new),
        }
    }
}

fn too_many(output: &Output, labels: &BTreeSet<String>, found: &str, row: usize) -> Error {
    let (most, labels) = (output.width, Labels::new(labels.clone()));
    Error::Value {
        row,
        field: output.name.to_owned(),
        expected: format!(
            "one of the {most} labels of the rows before, as `Class<{most}>` says: {labels}"
        ),
        found: format!("another, `{found}`"),
    }
}
