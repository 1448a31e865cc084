//! A mock training run, to test callbacks without a model.

use multi_input_data::{RowReader, RowWriter};

use super::*;
use crate::{
    definition::{Definition, RowTypes, Schema},
    history::Phase,
};

/// An empty model.
#[derive(Clone, Debug)]
pub(super) struct Toy;

impl RowTypes for Toy {
    type Inputs = ();
    type Sample = ();
    type Outputs = ();
    const SCHEMA: Schema = Schema { name: "Toy", inputs: &[], derived: &[], targets: &[] };
    fn write_inputs((): &(), _: &mut RowWriter<'_>) {}
    fn write_sample((): &(), _: &mut RowWriter<'_>) {}
    fn read_outputs(_: &mut RowReader<'_>) {}
}

impl Definition for Toy {
    const GRAPH: Graph = Graph {
        schema: Toy::SCHEMA,
        nodes: &[],
        outputs: &[],
        values: &[],
        cost: crate::definition::Cost { flops: 0, memory: 0 },
    };
}

/// A run whose only weight is the number of the epoch.
pub(super) struct Script {
    pub(super) weights: f64,
    pub(super) learning_rate: f64,
    pub(super) position: Position,
    pub(super) history: History,
    /// The requested checkpoints: the position of the run, and the number of files to keep.
    pub(super) requested: Vec<(Position, usize)>,
    pub(super) saved: std::cell::RefCell<Vec<f64>>,
    pub(super) frozen: Vec<(String, bool)>,
    pub(super) plan: RunPlan,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            weights: 0.0,
            learning_rate: 1.0,
            position: Position::default(),
            history: History::default(),
            requested: Vec::new(),
            saved: Vec::new().into(),
            frozen: Vec::new(),
            plan: RunPlan {
                graph: &Toy::GRAPH,
                epochs: 10,
                steps_per_epoch: 4,
                rows: 40,
                validation: Validation::Given,
                resumes: false,
            },
        }
    }
}

impl AnyTraining for Script {
    fn plan(&self) -> &RunPlan {
        &self.plan
    }
    fn position(&self) -> Position {
        self.position
    }
    fn history(&self) -> &History {
        &self.history
    }
    fn preprocessing(&self) -> Option<&Preprocessing> {
        None
    }
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }
    fn freeze_node(&mut self, node: &str, frozen: bool) {
        self.frozen.push((node.to_owned(), frozen));
    }
    fn snapshot(&mut self) -> Result<Snapshot> {
        Ok(Snapshot(vec![vec![self.weights]]))
    }
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.weights = snapshot.0[0][0];
        Ok(())
    }
    fn save_model(&mut self, _: &Path) -> Result<()> {
        self.saved.borrow_mut().push(self.weights);
        Ok(())
    }
    fn request_checkpoint(&mut self, _: &Path, keep: usize) {
        self.requested.push((self.position, keep));
    }
    fn notice(&mut self, notice: Notice) {
        self.history.notices.push(notice);
    }
    fn explain_end(&mut self, reason: String) {
        self.history.end_reason.get_or_insert(reason);
    }
}

impl Script {
    /// Runs epochs with the given validation losses until the callback stops, then ends the run;
    /// returns the last epoch.
    pub(super) fn run(&mut self, mut callback: impl Callback<Toy>, losses: &[f64]) -> usize {
        callback.on(&Event::Started, self).unwrap();
        let last = self.run_epochs(&mut callback, losses, 0);
        self.end(&mut callback);
        last
    }

    /// Runs epochs with the given validation losses; the first has the number `first`.
    pub(super) fn run_epochs(
        &mut self,
        callback: &mut impl Callback<Toy>,
        losses: &[f64],
        first: usize,
    ) -> usize {
        for (epoch, &loss) in (first..).zip(losses) {
            self.weights = epoch as f64;
            self.position.epoch = epoch;
            callback.on(&Event::EpochStarted { epoch }, self).unwrap();
            self.position = Position { epoch: epoch + 1, step: 0, updates: 0 };
            let mut figures = Figures::new(1);
            figures.push(Phase::Training, None, "loss", 2.0 * loss);
            figures.push(Phase::Validation, None, "loss", loss);
            let ended = Event::EpochEnded { epoch, figures: &figures };
            if callback.on(&ended, self).unwrap() == Flow::Stop {
                return epoch;
            }
        }
        first + losses.len() - 1
    }

    /// Runs one step.
    pub(super) fn step(&mut self, callback: &mut impl Callback<Toy>) -> Flow {
        self.position.step += 1;
        self.position.updates += 1;
        let Position { epoch, step, .. } = self.position;
        let so_far = RunningFigures(&|| Figures::new(1));
        let event = Event::StepEnded { epoch, step: step - 1, loss: 1.0, so_far };
        callback.on(&event, self).unwrap()
    }

    pub(super) fn end(&mut self, callback: &mut impl Callback<Toy>) {
        callback.on(&Event::Ended, self).unwrap();
    }
}
