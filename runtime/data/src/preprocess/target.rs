//! What is learned of a target, so that predictions come back in the user's terms.

use std::{collections::BTreeSet, sync::Arc};

use multi_input_base::{quote::Quoted, Error, Notice, Result};
use serde::{Deserialize, Serialize};

use super::pipeline::{self, Pipeline, PipelineFit, Plan};
use crate::{schema::Target, Column, Content, Labels, Values};

/// The fitted preprocessing of a target.
#[derive(Clone)]
pub(super) struct FittedTarget {
    target: &'static Target,
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

impl FittedTarget {
    /// The class of every label; other targets stay as they are. A row that does not count may have a
    /// label that was not learned: it knows no class then.
    ///
    /// # Errors
    /// For the first other label that was not learned. `first` is the number of the first row.
    pub(super) fn classes(
        &self,
        column: Column,
        first: usize,
        counts: impl Fn(usize) -> bool,
    ) -> Result<Column> {
        let Some(labels) = &self.labels else { return Ok(column) };
        let (by_class, unlearned) = by_class(self.target, labels, &column);
        match (unlearned.into_iter().find(|row| counts(*row)), &*column.values) {
            (Some(row), Values::Texts(texts)) => Err(Error::Value {
                row: first + row,
                field: self.target.name.to_owned(),
                expected: format!("a label of the training rows: {labels}"),
                found: Quoted(&texts[row]).to_string(),
            }),
            _ => Ok(by_class),
        }
    }

    /// The target as the loss compares with it.
    pub(super) fn encode(&self, column: &Column, rows: &[usize], first: usize) -> Result<Column> {
        self.steps.encode(column, rows, (first, None))
    }

    /// What the steps have made of the target's unit, for each index of the last axis; empty where
    /// there are none.
    pub(super) fn units(&self) -> Vec<f64> {
        if self.target.steps.is_empty() {
            return Vec::new();
        }
        let brought_back = |number: f64| {
            let mut numbers = vec![number; self.target.width];
            self.steps.invert(&mut numbers);
            numbers
        };
        let (zeros, ones) = (brought_back(0.0), brought_back(1.0));
        zeros.iter().zip(ones).map(|(zero, one)| 1.0 / (one - zero).abs()).collect()
    }

    /// What was learned by the step called `name`.
    pub(super) fn learned(&self, name: &str) -> Option<serde_json::Value> {
        self.steps.learned(name)
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

    /// For a target of which nothing has to be learned.
    ///
    /// # Errors
    /// As [`Pipeline::unfitted`]'s.
    pub(super) fn unfitted(target: &'static Target) -> std::result::Result<FittedTarget, String> {
        let steps = Pipeline::unfitted(Plan::of_target(target))?;
        Ok(FittedTarget { target, steps, labels: None })
    }

    pub(super) fn restore(
        target: &'static Target,
        saved: Saved,
    ) -> std::result::Result<FittedTarget, String> {
        let steps = Pipeline::restore(Plan::of_target(target), saved.steps)?;
        let sound = match &saved.labels {
            Some(labels) => {
                target.labels && labels.is_sound() && labels.names().len() <= target.width
            }
            None => !target.labels,
        };
        match sound {
            true => Ok(FittedTarget { target, steps, labels: saved.labels }),
            false => Err(format!("the labels of `{}` are out of order, or too many", target.name)),
        }
    }
}

/// What has to be learned of a target, in words; `None` where nothing has.
pub(super) fn needed(target: &'static Target) -> Option<String> {
    let labels = || target.labels.then(|| format!("`{}` needs its labels", target.name));
    Plan::of_target(target).needed().or_else(labels)
}

/// A target by classes in the place of labels, and the rows whose labels were not learned: they know no
/// class.
fn by_class(target: &Target, labels: &Labels, column: &Column) -> (Column, Vec<usize>) {
    let Values::Texts(texts) = &*column.values else { return (column.clone(), Vec::new()) };
    let class = |(row, label): (usize, &Arc<str>)| {
        column.is_present(row).then(|| labels.index(label)).flatten()
    };
    let classes: Vec<Option<usize>> = texts.iter().enumerate().map(class).collect();
    let unlearned = |row: &usize| classes[*row].is_none() && column.is_present(*row);
    let unlearned: Vec<usize> = (0..classes.len()).filter(unlearned).collect();
    let some_absent = column.present.is_some() || !unlearned.is_empty();
    let present = some_absent.then(|| classes.iter().map(Option::is_some).collect());
    let classes = classes.into_iter().map(|class| class.unwrap_or_default() as u32).collect();
    let values = Arc::new(Values::Categories(classes));
    let content = Content::Categories { below: target.width };
    (Column { content, values, present, ..*column }, unlearned)
}

/// A target while its preprocessing is fitted.
pub(super) struct TargetFit {
    target: &'static Target,
    steps: PipelineFit,
    labels: Option<LabelFit>,
}

/// The labels of a target while they are learned, and then.
enum LabelFit {
    Learning(BTreeSet<String>),
    Learned(Labels),
}

impl TargetFit {
    pub(super) fn new(target: &'static Target) -> TargetFit {
        TargetFit {
            target,
            steps: PipelineFit::new(Plan::of_target(target)),
            labels: target.labels.then(|| LabelFit::Learning(BTreeSet::new())),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.steps.has_failed()
    }

    pub(super) fn is_done(&self) -> bool {
        !matches!(self.labels, Some(LabelFit::Learning(_))) && self.steps.is_done()
    }

    /// Looks for a row that a step cannot take.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        self.steps.check(column)
    }

    /// Keeps those of the `rows` whose labels are not too many after those of the rows before.
    pub(super) fn retain_labels(
        &self,
        column: &Column,
        rows: &mut Vec<usize>,
        mut refuse: impl FnMut(Error),
    ) {
        let Some(LabelFit::Learning(labels)) = &self.labels else { return };
        let mut labels = labels.clone();
        rows.retain(|&row| {
            add_labels(self.target, &mut labels, column, (&[row], 0)).map_err(&mut refuse).is_ok()
        });
    }

    /// Takes a look at some training rows that count; those that do not know the target say nothing.
    ///
    /// # Errors
    /// For the first label that is one too many, and where a step cannot take a row.
    pub(super) fn look(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        self.steps.look(column, rows, first)?;
        self.look_for_labels(column, rows, first)
    }

    /// The same of the labels alone.
    ///
    /// # Errors
    /// For the first label that is one too many.
    pub(super) fn look_for_labels(
        &mut self,
        column: &Column,
        rows: &[usize],
        first: usize,
    ) -> Result<()> {
        match &mut self.labels {
            Some(LabelFit::Learning(labels)) => {
                add_labels(self.target, labels, column, (rows, first))
            }
            _ => Ok(()),
        }
    }

    /// The class of every label, once labels are learned; the column as it is before.
    pub(super) fn classes(&self, column: &Column) -> Column {
        match &self.labels {
            Some(LabelFit::Learned(labels)) => by_class(self.target, labels, column).0,
            _ => column.clone(),
        }
    }

    /// Ends a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        self.steps.end_pass();
        self.end_labels();
    }

    /// Ends a pass over the labels alone.
    pub(super) fn end_labels(&mut self) {
        if let Some(LabelFit::Learning(labels)) = &mut self.labels {
            self.labels = Some(LabelFit::Learned(Labels::new(std::mem::take(labels))));
        }
    }

    pub(super) fn finish(self) -> std::result::Result<FittedTarget, String> {
        let labels = self.labels.map(|labels| match labels {
            LabelFit::Learning(labels) => Labels::new(labels),
            LabelFit::Learned(labels) => labels,
        });
        Ok(FittedTarget { target: self.target, steps: self.steps.finish()?, labels })
    }
}

/// Adds the labels of the rows that know one, of which an target has as many as classes.
fn add_labels(
    target: &Target,
    labels: &mut BTreeSet<String>,
    column: &Column,
    (rows, first): (&[usize], usize),
) -> Result<()> {
    let Values::Texts(texts) = &*column.values else { return Ok(()) };
    for &row in rows.iter().filter(|row| column.is_present(**row)) {
        let text = &texts[row];
        if labels.contains(&**text) {
            continue;
        }
        if labels.len() == target.width {
            return Err(too_many(target, labels, text, first + row));
        }
        labels.insert(text.to_string());
    }
    Ok(())
}

fn too_many(target: &Target, labels: &BTreeSet<String>, found: &str, row: usize) -> Error {
    let (most, labels) = (target.width, Labels::new(labels.clone()));
    Error::Value {
        row,
        field: target.name.to_owned(),
        expected: format!(
            "one of the {most} labels of the rows before, as `Class<{most}>` says: {labels}"
        ),
        found: format!("another, {}", Quoted(found)),
    }
}
