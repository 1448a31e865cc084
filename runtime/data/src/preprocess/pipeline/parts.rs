//! Fitting of a column on several parts of the rows, each of which another process reads.

use serde::{Deserialize, Serialize};

use super::{super::merging::Mergeable, PipelineFit, RunningMeans, SeenValues};
use crate::binary::Bytes;

/// The statistics of a column in one pass over a part of the rows.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct PipelineState {
    /// The number of steps before the one that is being fitted.
    fitted: usize,
    means: Option<RunningMeans>,
    /// [`StageFit::save`](super::StageFit::save).
    fit: Option<Bytes>,
    seen: Option<SeenValues>,
}

impl PipelineFit {
    /// Fits part `part` of the rows, without the rows so far.
    pub(in super::super) fn set_part(&mut self, part: u64) {
        self.part = part;
        self.restart_pass();
    }

    /// Removes the rows of the current pass from the statistics.
    pub(in super::super) fn restart_pass(&mut self) {
        self.means = self.means.take().map(|means| means.cleared());
        self.seen = self.seen.take().and_then(|_| self.seen_before.clone());
        if let Some(step) = self.next_step().filter(|_| self.fit.is_some()) {
            self.fit = step.stage.start(step, self.part);
        }
    }

    /// The first step whose statistics cannot be merged, with the reason; `None` if all can.
    pub(in super::super) fn unmergeable(&self) -> Option<String> {
        let steps = self.pipeline.plan.steps.iter().skip(self.pipeline.steps.len());
        steps.filter(|step| step.vocabulary_of.is_none()).find_map(|step| {
            let mut fit = step.stage.start(step, self.part)?;
            let merged = fit.save().and_then(|state| fit.merge(step, &state));
            merged.err().map(|reason| self.in_words(format!("`{step:?}`: {reason}")))
        })
    }

    /// The statistics of the current pass.
    ///
    /// # Errors
    /// The field, the step, and the reason why its statistics cannot be written.
    pub(in super::super) fn state(&self) -> Result<PipelineState, String> {
        let fit = self.fit.as_ref().map(|fit| fit.save()).transpose();
        Ok(PipelineState {
            fitted: self.pipeline.steps.len(),
            means: self.means.clone(),
            fit: fit.map_err(|reason| self.in_words(self.of_step(&reason)))?.map(Bytes),
            seen: self.seen.clone(),
        })
    }

    /// Adds the statistics of the rows that follow.
    ///
    /// # Errors
    /// The field, and the reason why the statistics are not those of the same step.
    pub(in super::super) fn merge(&mut self, later: PipelineState) -> Result<(), String> {
        self.merge_state(later).map_err(|reason| self.in_words(reason))
    }

    fn merge_state(&mut self, later: PipelineState) -> Result<(), String> {
        let fitted = self.pipeline.steps.len();
        if fitted != later.fitted {
            let found = later.fitted;
            return Err(format!("expected statistics after {fitted} fitted steps, found {found}"));
        }
        self.means.merge(later.means)?;
        self.seen.merge(later.seen)?;
        let step = self.next_step();
        match (&mut self.fit, step, later.fit) {
            (Some(fit), Some(step), Some(Bytes(later))) => {
                fit.merge(step, &later).map_err(|reason| format!("`{step:?}`: {reason}"))
            }
            (None, _, None) => Ok(()),
            _ => Err("expected the statistics of the same step".to_owned()),
        }
    }

    fn of_step(&self, reason: &str) -> String {
        self.next_step().map_or_else(|| reason.to_owned(), |step| format!("`{step:?}`: {reason}"))
    }

    fn in_words(&self, reason: String) -> String {
        format!("`{}`, {reason}", self.pipeline.plan.name)
    }
}
