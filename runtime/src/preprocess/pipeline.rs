//! The steps of one input, one after the other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    mean::{Means, RunningMeans},
    stage::{Learning, Ready},
};
use crate::{
    data::{Column, Content, Values},
    definition::{Input, Missing, Step},
    Error, Result,
};

/// The fitted preprocessing of an input.
#[derive(Clone)]
pub(super) struct Pipeline {
    input: &'static Input,
    /// What stands in for absent values, where that is their mean.
    means: Option<Means>,
    steps: Vec<Arc<dyn Ready>>,
}

/// A pipeline in a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    input: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<Means>,
    steps: Vec<Json>,
}

impl Pipeline {
    /// The preprocessed values of some rows. `first` is the number of the column's first row among
    /// all rows, for errors.
    pub(super) fn encode(&self, column: &Column, rows: &[usize], first: usize) -> Result<Column> {
        let present: Option<Vec<bool>> =
            column.present.as_ref().map(|present| rows.iter().map(|&row| present[row]).collect());
        // Absent rows go through no step, unless means stand in for them.
        let there: Vec<usize> = match (&present, &self.means) {
            (Some(present), None) => rows
                .iter()
                .zip(present)
                .filter(|(_, present)| **present)
                .map(|(&row, _)| row)
                .collect(),
            _ => rows.to_vec(),
        };
        let mut values = column.values.of_rows(column.width, &there);
        if let (Some(means), Some(present)) = (&self.means, &present) {
            means.fill(&mut values, present);
        }
        let mut values = self.apply(values, &there, first)?;
        let (content, width) = self.encoded(column);
        if let (Some(present), None) = (&present, &self.means) {
            values = values.spread(width, present);
        }
        Ok(Column { name: column.name, content, width, values, present })
    }

    /// What a row holds after the last step.
    fn encoded(&self, column: &Column) -> (Content, usize) {
        let Some(last) = self.input.steps.last() else { return (column.content, column.width) };
        let content = match last.output.kind {
            crate::private::spec::Kind::Categories => {
                Content::Categories { below: last.output.below.get() }
            }
            _ => Content::Numbers,
        };
        (content, last.output.elements().get())
    }

    /// Applies the steps that are there to the values of `rows`.
    fn apply(&self, mut values: Values, rows: &[usize], first: usize) -> Result<Values> {
        for (step, ready) in self.input.steps.iter().zip(&self.steps) {
            values = ready.apply(step, values).map_err(|refusal| Error::Value {
                row: first + rows.get(refusal.row).copied().unwrap_or_default(),
                field: self.input.name.to_owned(),
                expected: refusal.expected,
                found: refusal.found,
            })?;
        }
        Ok(values)
    }

    /// As a file holds it.
    pub(super) fn save(&self) -> serde_json::Result<Saved> {
        Ok(Saved {
            input: self.input.name.to_owned(),
            means: self.means.clone(),
            steps: self.steps.iter().map(|step| step.save()).collect::<serde_json::Result<_>>()?,
        })
    }

    /// What was learned by the step called `name`.
    pub(super) fn learned(&self, name: &str) -> Option<Json> {
        let steps = self.input.steps.iter().zip(&self.steps);
        let (_, ready) = steps.into_iter().find(|(step, _)| step.spec.name == name)?;
        ready.save().ok().filter(|saved| !saved.is_null())
    }

    pub(super) fn restore(
        input: &'static Input,
        saved: Saved,
    ) -> std::result::Result<Pipeline, String> {
        let name = input.name;
        let means = needs_means(input);
        let width: usize = input.shape.iter().product();
        let sound = saved.means.as_ref().is_none_or(|means| means.is_sound(width));
        if saved.input != name || saved.steps.len() != input.steps.len() {
            return Err(format!("the steps of `{name}` are others"));
        }
        if saved.means.is_some() != means || !sound {
            return Err(format!("`{name}` should have {width} means"));
        }
        let steps = input.steps.iter().zip(saved.steps);
        let steps = steps.map(|(step, saved)| {
            step.stage.restore(step, saved).map_err(|reason| format!("`{name}`, {reason}"))
        });
        Ok(Pipeline {
            input,
            means: saved.means,
            steps: steps.collect::<std::result::Result<_, _>>()?,
        })
    }
}

fn needs_means(input: &Input) -> bool {
    input.missing == Some(Missing::Mean)
}

/// The preprocessing of an input while it is fitted: each step that learns is fitted on what the
/// steps before it make of the training rows.
pub(super) struct PipelineFit {
    pipeline: Pipeline,
    means: Option<RunningMeans>,
    learning: Option<Box<dyn Learning>>,
}

impl PipelineFit {
    pub(super) fn new(input: &'static Input) -> PipelineFit {
        let width = input.shape.iter().product();
        let pipeline = Pipeline { input, means: None, steps: Vec::new() };
        let means = needs_means(input).then(|| RunningMeans::new(width));
        let mut fit = PipelineFit { pipeline, means, learning: None };
        fit.advance();
        fit
    }

    /// Takes what does not learn, up to the next step that does.
    fn advance(&mut self) {
        while let Some(step) = self.next() {
            self.learning = step.stage.start(step);
            let Some(ready) = restore_fixed(step).filter(|_| self.learning.is_none()) else {
                break;
            };
            self.pipeline.steps.push(ready);
        }
    }

    /// The first step that is not fitted yet.
    fn next(&self) -> Option<&'static Step> {
        self.pipeline.input.steps.get(self.pipeline.steps.len())
    }

    /// Whether there is nothing to learn any more.
    pub(super) fn is_done(&self) -> bool {
        self.means.is_none() && self.learning.is_none()
    }

    /// Takes a look at some training rows.
    pub(super) fn look(&mut self, column: &Column, rows: &[usize], first: usize) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let present: Vec<usize> =
            rows.iter().copied().filter(|&row| column.is_present(row)).collect();
        let values = column.values.of_rows(column.width, &present);
        if let Some(means) = &mut self.means {
            means.look(&values);
        }
        let Some(step) = self.next() else { return Ok(()) };
        let values = self.pipeline.apply(values, &present, first)?;
        if let Some(learning) = &mut self.learning {
            learning.look(step, &values);
        }
        Ok(())
    }

    /// Ends a pass over the training rows.
    pub(super) fn end_pass(&mut self) {
        if let Some(means) = self.means.take() {
            self.pipeline.means = Some(means.learn());
        }
        if let (Some(step), Some(learning)) = (self.next(), self.learning.take()) {
            self.pipeline.steps.push(learning.learn(step));
            self.advance();
        }
    }

    pub(super) fn finish(self) -> Pipeline {
        self.pipeline
    }
}

/// A step that learns nothing.
fn restore_fixed(step: &Step) -> Option<Arc<dyn Ready>> {
    step.stage.restore(step, Json::Null).ok()
}
