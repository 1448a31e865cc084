//! What is learned of a target, so that predictions come back in the user's terms.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::pipeline::{self, Pipeline, PipelineFit, Plan};
use crate::{
    data::{Column, Content, Labels, Values},
    definition::Output,
    quote::Quoted,
    Error, Notice, Result,
};

/// The fitted preprocessing of a target.
#[derive(Clone)]
pub(super) struct Target {
    output: &'static Output,
    steps: Pipeline,
    labels: Option<Labels>,
}

/// The preprocessing of a target in a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    #[serde(flatten)]
    steps: pipeline::Saved,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
}

impl Target {
    /// The class of every label; other targets stay as they are.
    pub(super) fn classes(&self, mut column: Column, first: usize) -> Result<Column> {
        let (Some(labels), Values::Texts(texts)) = (&self.labels, &*column.values) else {
            return Ok(column);
        };
        let class = |(row, label): (usize, &Arc<str>)| {
            labels.index(label).map(|class| class as u32).ok_or_else(|| Error::Value {
                row: first + row,
                field: self.output.name.to_owned(),
                expected: format!("a label of the training rows: {labels}"),
                found: Quoted(label).to_string(),
            })
        };
        let classes = texts.iter().enumerate().map(class).collect::<Result<_>>()?;
        column.values = Arc::new(Values::Categories(classes));
        column.content = Content::Categories { below: self.output.width };
        Ok(column)
    }

    /// The target as the loss compares with it.
    pub(super) fn encode(&self, column: &Column, rows: &[usize], first: usize) -> Result<Column> {
        self.steps.encode(column, rows, (first, None))
    }

    /// Brings predictions back to the user's unit.
    pub(super) fn invert(&self, predictions: &mut [f64]) {
        self.steps.invert(predictions);
    }

    /// What the training rows had, or lacked, that is worth knowing.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.steps.notices()
    }

    pub(super) fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// As a file holds it.
    pub(super) fn save(&self) -> serde_json::Result<Saved> {
        Ok(Saved { steps: self.steps.save()?, labels: self.labels.clone() })
    }

    pub(super) fn restore(
        output: &'static Output,
        saved: Saved,
    ) -> std::result::Result<Target, String> {
        let steps = Pipeline::restore(Plan::of_target(output), saved.steps)?;
        let sound = match &saved.labels {
            Some(labels) => {
                output.labels && labels.is_sound() && labels.names().len() <= output.width
            }
            None => !output.labels,
        };
        match sound {
            true => Ok(Target { output, steps, labels: saved.labels }),
            false => Err(format!("the labels of `{}` are out of order, or too many", output.name)),
        }
    }
}

/// What has to be learned of a target, in words; `None` where nothing has.
pub(super) fn needed(output: &'static Output) -> Option<String> {
    let labels = || output.labels.then(|| format!("`{}` needs its labels", output.name));
    Plan::of_target(output).needed().or_else(labels)
}

/// A target while its preprocessing is fitted.
pub(super) struct TargetFit {
    output: &'static Output,
    steps: PipelineFit,
    labels: Option<BTreeSet<String>>,
    labels_done: bool,
}

impl TargetFit {
    pub(super) fn new(output: &'static Output) -> TargetFit {
        TargetFit {
            output,
            steps: PipelineFit::new(Plan::of_target(output)),
            labels: output.labels.then(BTreeSet::new),
            labels_done: !output.labels,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.steps.has_failed()
    }

    pub(super) fn is_done(&self) -> bool {
        self.labels_done && self.steps.is_done()
    }

    /// Looks for a row whose label is one too many, or that a step cannot take.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        self.steps.check(column)?;
        match &self.labels {
            Some(labels) if !self.labels_done => {
                let all: Vec<usize> = (0..column.values.len()).collect();
                add_labels(self.output, &mut labels.clone(), column, (&all, 0))
            }
            _ => Ok(()),
        }
    }

    /// Takes a look at some training rows.
    ///
    /// # Errors
    /// For the first label that is one too many, and where a step cannot take a row.
    pub(super) fn look(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        self.steps.look(column, rows, first)?;
        match &mut self.labels {
            Some(labels) if !self.labels_done => {
                add_labels(self.output, labels, column, (rows, first))
            }
            _ => Ok(()),
        }
    }

    /// Ends a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        self.steps.end_pass();
        self.labels_done = true;
    }

    pub(super) fn finish(self) -> std::result::Result<Target, String> {
        let labels = self.labels.map(Labels::new);
        Ok(Target { output: self.output, steps: self.steps.finish()?, labels })
    }
}

/// Adds the labels of some rows, of which an output has as many as classes.
fn add_labels(
    output: &Output,
    labels: &mut BTreeSet<String>,
    column: &Column,
    (rows, first): (&[usize], usize),
) -> Result<()> {
    let Values::Texts(texts) = &*column.values else { return Ok(()) };
    for &row in rows {
        let text = &texts[row];
        if labels.contains(&**text) {
            continue;
        }
        if labels.len() == output.width {
            return Err(too_many(output, labels, text, first + row));
        }
        labels.insert(text.to_string());
    }
    Ok(())
}

fn too_many(output: &Output, labels: &BTreeSet<String>, found: &str, row: usize) -> Error {
    let (most, labels) = (output.width, Labels::new(labels.clone()));
    Error::Value {
        row,
        field: output.name.to_owned(),
        expected: format!(
            "one of the {most} labels of the rows before, as `Class<{most}>` says: {labels}"
        ),
        found: format!("another, {}", Quoted(found)),
    }
}
