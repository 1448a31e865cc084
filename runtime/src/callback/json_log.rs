//! `JsonLog`: logs training for other programs.

use std::{path::Path, time::Instant};

use multi_input_base::{Notice, Result};
use serde_json::{json, Map, Value};

use super::{
    log_file::LogFile, rank_speed, AnyCallback, AnyTraining, Cause, Event, Flow, Position,
};
use crate::history::Figures;

/// Writes one JSON object per line: `{"event": "epoch", "epoch": 0, "learning_rate": 0.001,
/// "seconds": 1.5, "figures": {"loss": 0.5, ...}}`, and on request one per batch with `"event":
/// "step"` and a `loss`. A figure that is not finite is `null`. Notices are written as `{"event":
/// "notice", "epoch": 0, "step": 0, "notice": {..}, "text": ".."}`. A resumed run continues the
/// file.
#[derive(Debug)]
pub struct JsonLog {
    file: LogFile,
    steps: bool,
    started: Option<Instant>,
}

impl JsonLog {
    /// Writes to a file, whose folder is created if it is missing.
    pub fn to(path: impl AsRef<Path>) -> JsonLog {
        JsonLog { file: LogFile::at(path), steps: false, started: None }
    }

    /// Also writes a line for every batch.
    #[must_use]
    pub fn every_step(mut self) -> JsonLog {
        self.steps = true;
        self
    }

    fn notices(&mut self, notices: &[Notice], at: Position) -> Result<Flow> {
        for notice in notices {
            let line = json!({
                "event": "notice", "epoch": at.epoch, "step": at.step, "notice": notice,
                "text": notice.to_string(),
            });
            self.file.line(&line.to_string())?;
        }
        Ok(Flow::Continue)
    }

    fn seconds(&mut self) -> f64 {
        self.started.get_or_insert_with(Instant::now).elapsed().as_secs_f64()
    }
}

impl AnyCallback for JsonLog {
    fn name(&self) -> &'static str {
        "JsonLog"
    }

    fn on_main_rank_only(&self) -> bool {
        true
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let (rate, seconds) = (training.learning_rate(), self.seconds());
        let line = match event {
            Event::Started => {
                let at = training.position();
                let known = move |line: &str| is_before(line, (at.epoch, at.step));
                let is_kept: &dyn Fn(&str) -> bool = &known;
                self.file.open(training.plan().resumes.then_some(is_kept))?;
                return Ok(Flow::Continue);
            }
            Event::Notices { notices } => return self.notices(notices, training.position()),
            Event::StepEnded { epoch, step, loss, .. } if self.steps => json!({
                "event": "step", "epoch": epoch, "step": step, "learning_rate": rate,
                "seconds": seconds, "loss": loss,
            }),
            Event::EpochEnded { epoch, figures } => {
                let mut line = json!({
                    "event": "epoch", "epoch": epoch, "learning_rate": rate, "seconds": seconds,
                    "figures": object(figures),
                });
                let speeds = training.rank_speeds();
                if !speeds.is_empty() {
                    line["rows_per_second"] = json!(rank_speed::rows_per_second(speeds));
                    let of_ranks: Vec<f64> =
                        speeds.iter().map(|speed| speed.rows_per_second()).collect();
                    line["rank_rows_per_second"] = json!(of_ranks);
                }
                line
            }
            Event::NotFinite { epoch, step, cause, node } => json!({
                "event": "not_finite", "epoch": epoch, "step": step, "node": node,
                "what": match cause {
                    Cause::Loss { output, .. } => format!("the loss of {output}"),
                    Cause::Gradient { tensor } => format!("the gradient of {tensor}"),
                    Cause::Statistics { tensor } => format!("the running statistics {tensor}"),
                    Cause::Weights { tensor } => format!("the weights {tensor}"),
                },
            }),
            _ => return Ok(Flow::Continue),
        };
        self.file.line(&line.to_string())?;
        Ok(Flow::Continue)
    }
}

fn object(figures: &Figures) -> Value {
    Value::Object(figures.iter().map(|(name, value)| (name, json!(value))).collect::<Map<_, _>>())
}

/// Whether a line is about an epoch or step before `(epoch, step)`.
fn is_before(line: &str, (epoch, step): (usize, usize)) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
    let number = |key: &str| line[key].as_u64().map(|number| number as usize);
    let Some(own) = number("epoch") else { return false };
    own < epoch || (own == epoch && number("step").is_some_and(|own| own < step))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    #[test]
    fn every_line_is_an_object_and_a_run_that_goes_on_repeats_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let lines = || -> Vec<Value> {
            let text = std::fs::read_to_string(&path).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let mut script = Script::default();
        script.run(JsonLog::to(&path), &[0.5, f64::NAN]);
        assert_eq!(lines()[0]["figures"]["val_loss"], 0.5);
        assert_eq!(lines()[1]["figures"]["val_loss"], Value::Null);

        script.plan.resumes = true;
        script.position = super::super::Position { epoch: 1, step: 0, updates: 0 };
        let mut log = JsonLog::to(&path).every_step();
        AnyCallback::on(&mut log, &Event::Started, &mut script).unwrap();
        assert_eq!(lines().len(), 1);
        script.step(&mut log);
        script.step(&mut log);
        assert_eq!(lines()[2]["step"], 1);
        script.position.step = 1;
        let mut log = JsonLog::to(&path).every_step();
        AnyCallback::on(&mut log, &Event::Started, &mut script).unwrap();
        assert_eq!(lines().len(), 2);
    }
}
