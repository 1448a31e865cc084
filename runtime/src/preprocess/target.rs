//! What is learned of a target, so that predictions come back in the user's terms.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::pipeline::{self, Pipeline, PipelineFit, Plan};
use crate::{
    data::{Column, Content, Labels, Values},
    definition::Output,
    quote::Quoted,
    Error, Notice, NoticeKind, Result,
};

/// The least length of a loss, as a share of its target's scale, of which nothing is said.
const SHORTEST: f64 = 1e-3;

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
        let (by_class, unlearned) = by_class(self.output, labels, &column);
        match (unlearned.into_iter().find(|row| counts(*row)), &*column.values) {
            (Some(row), Values::Texts(texts)) => Err(Error::Value {
                row: first + row,
                field: self.output.name.to_owned(),
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
        if self.output.steps.is_empty() {
            return Vec::new();
        }
        let brought_back = |number: f64| {
            let mut numbers = vec![number; self.output.width];
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
        self.steps.notices().into_iter().chain(self.short_length()).collect()
    }

    /// A loss that turns to absolute errors far below the target's scale.
    fn short_length(&self) -> Option<Notice> {
        let (loss, length) = (self.output.loss.name(), self.output.loss.turns_at()?);
        let unit = self.units().into_iter().fold(f64::INFINITY, f64::min);
        let (scale, gradient) = (1.0 / unit, length * unit);
        let message = format!(
            "`{loss}` turns from squared to absolute errors at {length}, but the target's scale is \
             {scale:.3e}: nearly all errors are absolute, with gradients of {gradient:.0e} at most; \
             use `huber` with a `delta` near the errors that are to be expected, or `mae`"
        );
        let notice = Notice::new(NoticeKind::Other, message).about(self.output.name);
        (gradient < SHORTEST).then_some(notice)
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

/// A target by classes in the place of labels, and the rows whose labels were not learned: they know no
/// class.
fn by_class(output: &Output, labels: &Labels, column: &Column) -> (Column, Vec<usize>) {
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
    let content = Content::Categories { below: output.width };
    (Column { content, values, present, ..*column }, unlearned)
}

/// A target while its preprocessing is fitted.
pub(super) struct TargetFit {
    output: &'static Output,
    steps: PipelineFit,
    labels: Option<LabelFit>,
}

/// The labels of a target while they are learned, and then.
enum LabelFit {
    Learning(BTreeSet<String>),
    Learned(Labels),
}

impl TargetFit {
    pub(super) fn new(output: &'static Output) -> TargetFit {
        TargetFit {
            output,
            steps: PipelineFit::new(Plan::of_target(output)),
            labels: output.labels.then(|| LabelFit::Learning(BTreeSet::new())),
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
            add_labels(self.output, &mut labels, column, (&[row], 0)).map_err(&mut refuse).is_ok()
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
                add_labels(self.output, labels, column, (rows, first))
            }
            _ => Ok(()),
        }
    }

    /// The class of every label, once labels are learned; the column as it is before.
    pub(super) fn classes(&self, column: &Column) -> Column {
        match &self.labels {
            Some(LabelFit::Learned(labels)) => by_class(self.output, labels, column).0,
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

    pub(super) fn finish(self) -> std::result::Result<Target, String> {
        let labels = self.labels.map(|labels| match labels {
            LabelFit::Learning(labels) => Labels::new(labels),
            LabelFit::Learned(labels) => labels,
        });
        Ok(Target { output: self.output, steps: self.steps.finish()?, labels })
    }
}

/// Adds the labels of the rows that know one, of which an output has as many as classes.
fn add_labels(
    output: &Output,
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
