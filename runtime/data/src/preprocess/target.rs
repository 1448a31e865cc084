//! Preprocessing of targets, and the inverse for predictions.

use std::{collections::BTreeSet, sync::Arc};

use multi_input_base::{quote::Quoted, Error, Notice, Result};
use serde::{Deserialize, Serialize};

use super::pipeline::{self, Pipeline, PipelineFit, PipelineState, Plan};
use crate::{schema::Target, Column, Content, Labels, Values};

/// The fitted preprocessing of a target.
#[derive(Clone)]
pub(super) struct FittedTarget {
    target: &'static Target,
    steps: Pipeline,
    labels: Option<Labels>,
}

/// The serialized form of a target's preprocessing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    #[serde(flatten)]
    steps: pipeline::Saved,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
}

impl Saved {
    /// The name of the field.
    pub(super) fn field(&self) -> &str {
        self.steps.field()
    }
}

impl FittedTarget {
    /// Converts labels to classes; other targets are unchanged. Rows for which `counts` is false
    /// may have unknown labels; their target is then absent.
    ///
    /// # Errors
    /// [`Error::Value`] for the first other unknown label. `first` is the index of the column's
    /// first row among all rows.
    pub(super) fn classes(
        &self,
        column: Column,
        first: usize,
        counts: impl Fn(usize) -> bool,
    ) -> Result<Column> {
        let Some(labels) = &self.labels else { return Ok(column) };
        let (classes, unknown_rows) = labels_to_classes(self.target, labels, &column);
        match (unknown_rows.into_iter().find(|row| counts(*row)), &*column.values) {
            (Some(row), Values::Texts(texts)) => Err(Error::Value {
                row: first + row,
                field: self.target.name.to_owned(),
                expected: format!("a label of the training rows: {labels}"),
                found: Quoted(&texts[row]).to_string(),
            }),
            _ => Ok(classes),
        }
    }

    /// Encodes the target for the loss.
    pub(super) fn encode(&self, column: &Column, rows: &[usize], first: usize) -> Result<Column> {
        self.steps.encode(column, rows, (first, None))
    }

    /// The encoded size of one unit of the target, for each index of the last axis; empty for a
    /// target without steps.
    pub(super) fn units(&self) -> Vec<f64> {
        if self.target.steps.is_empty() {
            return Vec::new();
        }
        self.unit_lengths().map(|length| 1.0 / length.abs()).collect()
    }

    /// Whether the steps turn the order of numbers around, as `rescale(-1)` does.
    pub(super) fn descends(&self) -> bool {
        self.unit_lengths().any(|length| length < 0.0)
    }

    /// How much the target changes between the encoded numbers 0 and 1, for each index of the last
    /// axis.
    fn unit_lengths(&self) -> impl Iterator<Item = f64> {
        let inverted = |number: f64| {
            let mut numbers = vec![number; self.target.width];
            self.steps.invert(&mut numbers);
            numbers
        };
        let (zeros, ones) = (inverted(0.0), inverted(1.0));
        zeros.into_iter().zip(ones).map(|(zero, one)| one - zero)
    }

    /// The fitted state of the step called `name`.
    pub(super) fn learned(&self, name: &str) -> Option<serde_json::Value> {
        self.steps.learned(name)
    }

    /// Converts predictions to the user's units, in place.
    pub(super) fn invert(&self, predictions: &mut [f64]) {
        self.steps.invert(predictions);
    }

    /// [`invert`](FittedTarget::invert) in a graph.
    #[cfg(feature = "onnx")]
    pub(super) fn inverse_to_onnx(
        &self,
        graph: &mut multi_input_onnx::Graph,
        value: multi_input_onnx::Value,
    ) -> std::result::Result<multi_input_onnx::Value, multi_input_onnx::Refusal> {
        self.steps.inverse_to_onnx(graph, value)
    }

    /// Notices about the training rows.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.steps.notices()
    }

    pub(super) fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// The serialized form.
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

    /// The same fitted steps and labels for a target of another schema.
    ///
    /// # Errors
    /// The difference between the two targets.
    pub(super) fn for_target(
        &self,
        target: &'static Target,
    ) -> std::result::Result<FittedTarget, String> {
        let alike = |target: &Target| (target.kind, target.width, target.labels);
        if alike(self.target) != alike(target) {
            let in_words = |target: &Target| {
                let labels = if target.labels { " by labels" } else { "" };
                format!("{:?} of width {}{labels}", target.kind, target.width)
            };
            let (expected, found) = (in_words(target), in_words(self.target));
            return Err(format!("`{}` is {expected} here, and {found} there", target.name));
        }
        let steps = self.steps.for_plan(Plan::of_target(target))?;
        Ok(FittedTarget { target, steps, labels: self.labels.clone() })
    }

    pub(super) fn restore(
        target: &'static Target,
        saved: Saved,
    ) -> std::result::Result<FittedTarget, String> {
        let steps = Pipeline::restore(Plan::of_target(target), saved.steps)?;
        let is_valid = match &saved.labels {
            Some(labels) => {
                target.labels && labels.is_sound() && labels.names().len() <= target.width
            }
            None => !target.labels,
        };
        match is_valid {
            true => Ok(FittedTarget { target, steps, labels: saved.labels }),
            false => Err(format!("the labels of `{}` are out of order, or too many", target.name)),
        }
    }
}

/// Description of the first part that must be fitted on training rows; `None` if there is none.
pub(super) fn needed(target: &'static Target) -> Option<String> {
    let labels = || target.labels.then(|| format!("`{}` needs its labels", target.name));
    Plan::of_target(target).needed().or_else(labels)
}

/// Converts labels to classes. Returns the column, in which rows with unknown labels are absent,
/// and the indices of those rows.
fn labels_to_classes(target: &Target, labels: &Labels, column: &Column) -> (Column, Vec<usize>) {
    let Values::Texts(texts) = &*column.values else { return (column.clone(), Vec::new()) };
    let class = |(row, label): (usize, &Arc<str>)| {
        column.is_present(row).then(|| labels.index(label)).flatten()
    };
    let classes: Vec<Option<usize>> = texts.iter().enumerate().map(class).collect();
    let is_unknown = |row: &usize| classes[*row].is_none() && column.is_present(*row);
    let unknown_rows: Vec<usize> = (0..classes.len()).filter(is_unknown).collect();
    let some_absent = column.present.is_some() || !unknown_rows.is_empty();
    let present = some_absent.then(|| classes.iter().map(Option::is_some).collect());
    let classes = classes.into_iter().map(|class| class.unwrap_or_default() as u32).collect();
    let values = Arc::new(Values::Categories(classes));
    let content = Content::Categories { below: target.width };
    (Column { content, values, present, lengths: None, ..*column }, unknown_rows)
}

/// The preprocessing of a target during fitting.
pub(super) struct TargetFit {
    target: &'static Target,
    steps: PipelineFit,
    labels: Option<LabelFit>,
}

/// The labels of a target, during and after fitting.
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

    /// A target that is fitted already.
    pub(super) fn fitted(fitted: FittedTarget) -> TargetFit {
        let FittedTarget { target, steps, labels } = fitted;
        let labels = labels.map(LabelFit::Learned);
        TargetFit { target, steps: PipelineFit::fitted(steps), labels }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.steps.has_failed()
    }

    pub(super) fn is_done(&self) -> bool {
        !matches!(self.labels, Some(LabelFit::Learning(_))) && self.steps.is_done()
    }

    /// Returns the error of the first row that the fitted steps cannot transform.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        self.steps.check(column)
    }

    /// Removes the rows whose labels exceed the number of classes, counted with the labels of
    /// preceding rows; `refuse` gets their errors.
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

    /// Updates the statistics with some training rows that count; rows with an absent target are
    /// ignored.
    ///
    /// # Errors
    /// [`Error::Value`] for the first label above the number of classes, and for a row that a step
    /// cannot transform.
    pub(super) fn update(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        self.steps.update(column, rows, first)?;
        self.update_labels(column, rows, first)
    }

    /// Updates only the labels.
    ///
    /// # Errors
    /// [`Error::Value`] for the first label above the number of classes.
    pub(super) fn update_labels(
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

    /// Converts labels to classes if the labels are fitted; otherwise returns the column unchanged.
    pub(super) fn classes(&self, column: &Column) -> Column {
        match &self.labels {
            Some(LabelFit::Learned(labels)) => labels_to_classes(self.target, labels, column).0,
            _ => column.clone(),
        }
    }

    /// Finishes a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        self.steps.end_pass();
        self.finish_labels();
    }

    /// Finishes a pass that fits only the labels.
    pub(super) fn finish_labels(&mut self) {
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

/// The statistics of a target in one pass over a part of the rows.
#[derive(Serialize, Deserialize)]
pub(super) struct TargetState {
    steps: PipelineState,
    /// `None` unless labels are being learned.
    labels: Option<BTreeSet<String>>,
}

/// Fitting on several parts of the rows.
impl TargetFit {
    /// [`PipelineFit::set_part`].
    pub(super) fn set_part(&mut self, part: u64) {
        self.steps.set_part(part);
        self.restart_pass();
    }

    /// Removes the rows of the current pass from the statistics.
    pub(super) fn restart_pass(&mut self) {
        self.steps.restart_pass();
        if let Some(LabelFit::Learning(labels)) = &mut self.labels {
            labels.clear();
        }
    }

    /// [`PipelineFit::unmergeable`].
    pub(super) fn unmergeable(&self) -> Option<String> {
        self.steps.unmergeable()
    }

    /// The statistics of the current pass.
    ///
    /// # Errors
    /// As [`PipelineFit::state`]'s.
    pub(super) fn state(&self) -> std::result::Result<TargetState, String> {
        let labels = match &self.labels {
            Some(LabelFit::Learning(labels)) => Some(labels.clone()),
            _ => None,
        };
        Ok(TargetState { steps: self.steps.state()?, labels })
    }

    /// Adds the statistics of the rows that follow.
    ///
    /// # Errors
    /// More labels than classes, and statistics of another step.
    pub(super) fn merge(&mut self, later: TargetState) -> std::result::Result<(), String> {
        self.steps.merge(later.steps)?;
        let Some(LabelFit::Learning(labels)) = &mut self.labels else { return Ok(()) };
        labels.extend(later.labels.into_iter().flatten());
        let (found, classes) = (labels.len(), self.target.width);
        match found <= classes {
            true => Ok(()),
            false => Err(format!(
                "`{}`: expected at most {classes} labels in the rows of all ranks, as \
                 `Class<{classes}>` says, found {found}: {}",
                self.target.name,
                Labels::new(labels.clone())
            )),
        }
    }
}

/// Adds the labels of the rows with a present target, of which there are at most as many as
/// classes.
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
            return Err(too_many_labels(target, labels, text, first + row));
        }
        labels.insert(text.to_string());
    }
    Ok(())
}

fn too_many_labels(target: &Target, labels: &BTreeSet<String>, found: &str, row: usize) -> Error {
    let (class_count, labels) = (target.width, Labels::new(labels.clone()));
    Error::Value {
        row,
        field: target.name.to_owned(),
        expected: format!(
            "one of the {class_count} labels of the rows before, as `Class<{class_count}>` says: {labels}"
        ),
        found: format!("another, {}", Quoted(found)),
    }
}
