//! What happens beside training: one file a callback, driven by typed events.
//!
//! A callback is told what happened and answers whether training goes on. What it wants done it
//! asks of the [`Training`] that comes with every event. What it remembers goes into the checkpoints
//! of the run, so that a run that goes on decides as the uninterrupted one would have.
//!
//! | callback | Keras | PyTorch, Lightning |
//! |---|---|---|
//! | [`EarlyStopping`] | `EarlyStopping` | `EarlyStopping` |
//! | [`Checkpoint`] | `ModelCheckpoint`, `BackupAndRestore` | `ModelCheckpoint` |
//! | [`ReduceOnPlateau`] | `ReduceLROnPlateau` | `lr_scheduler.ReduceLROnPlateau` |
//! | [`LearningRateSchedule`] | `LearningRateScheduler`, `optimizers.schedules` | `lr_scheduler` |
//! | [`Freeze`] | `layer.trainable` | `BaseFinetuning` |
//! | [`CsvLog`] | `CSVLogger` | `CSVLogger` |
//! | [`JsonLines`] | | |
//! | [`TensorBoard`] | `TensorBoard` | `TensorBoardLogger` |
//! | [`TerminateOnNan`] | `TerminateOnNaN` | `detect_anomaly` |
//! | [`Timer`] | | `Timer` |
//! | [`Progress`] | `ProgbarLogger` | `TQDMProgressBar` |
//! | [`Interrupt`] | | `OnExceptionCheckpoint` |

mod checkpoint;
mod csv_log;
mod early_stopping;
mod freeze;
mod interrupt;
mod json_lines;
mod learning_rate_schedule;
mod log_file;
mod memory;
mod monitor;
mod progress;
mod reduce_on_plateau;
mod schedule;
mod tensor_board;
mod terminate_on_nan;
mod timer;

pub use checkpoint::Checkpoint;
pub use csv_log::CsvLog;
pub use early_stopping::EarlyStopping;
pub use freeze::Freeze;
pub use interrupt::Interrupt;
pub use json_lines::JsonLines;
pub use learning_rate_schedule::LearningRateSchedule;
pub use memory::Memory;
pub use monitor::Monitor;
pub use progress::Progress;
pub use reduce_on_plateau::ReduceOnPlateau;
pub use schedule::{Schedule, Warmup};
pub use tensor_board::TensorBoard;
pub use terminate_on_nan::TerminateOnNan;
pub use timer::{Timer, Times};

use std::path::Path;

use multi_input_base::{Notice, Result};
use multi_input_data::preprocess::Preprocessing;

pub use crate::untyped::Snapshot;
use crate::{
    definition::{Definition, Graph, NodeOf},
    history::{Figures, History},
};

/// Something that is told how the training of a model `M` goes, and may change or end it.
pub trait Callback<M: Definition> {
    /// The name under which checkpoints keep what the callback remembers.
    fn name(&self) -> &'static str;

    /// What is wrong with the callback's settings for this run; empty where nothing is.
    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let _ = run;
        Vec::new()
    }

    /// Takes note of an event.
    ///
    /// # Errors
    /// Whatever the callback runs into; training ends with it.
    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow>;

    /// The settings on which the outcome of the run depends, in words: a run goes on only with the
    /// same. Where something is written and how often it is shown does not belong here.
    fn settings(&self) -> String {
        String::new()
    }

    /// Writes down what it takes to go on from here.
    fn remember(&self, memory: &mut Memory) {
        let _ = memory;
    }

    /// Goes on from what was written down.
    fn recall(&mut self, memory: &Memory) {
        let _ = memory;
    }
}

/// A [`Callback`] that takes the training of any model. What implements this is a callback of every
/// model.
pub trait AnyCallback {
    /// [`Callback::name`].
    fn name(&self) -> &'static str;

    /// [`Callback::mistakes`].
    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let _ = run;
        Vec::new()
    }

    /// [`Callback::on`].
    ///
    /// # Errors
    /// Whatever the callback runs into; training ends with it.
    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow>;

    /// [`Callback::settings`].
    fn settings(&self) -> String {
        String::new()
    }

    /// [`Callback::remember`].
    fn remember(&self, memory: &mut Memory) {
        let _ = memory;
    }

    /// [`Callback::recall`].
    fn recall(&mut self, memory: &Memory) {
        let _ = memory;
    }
}

impl<M: Definition, C: AnyCallback> Callback<M> for C {
    fn name(&self) -> &'static str {
        AnyCallback::name(self)
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        AnyCallback::mistakes(self, run)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow> {
        AnyCallback::on(self, event, training.any())
    }

    fn settings(&self) -> String {
        AnyCallback::settings(self)
    }

    fn remember(&self, memory: &mut Memory) {
        AnyCallback::remember(self, memory);
    }

    fn recall(&mut self, memory: &Memory) {
        AnyCallback::recall(self, memory);
    }
}

/// A callback of a model, as the training loop sees it, which does not know the model's type.
pub(crate) struct Untyped<M>(pub(crate) Box<dyn Callback<M>>);

impl<M: Definition> AnyCallback for Untyped<M> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        self.0.mistakes(run)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        self.0.on(event, &mut Lent(training))
    }

    fn settings(&self) -> String {
        self.0.settings()
    }

    fn remember(&self, memory: &mut Memory) {
        self.0.remember(memory);
    }

    fn recall(&mut self, memory: &Memory) {
        self.0.recall(memory);
    }
}

/// Lets a callback that is typed by its model hand everything to one that is not.
macro_rules! callback_of_its_model {
    ($callback:ident) => {
        impl<M: $crate::definition::Definition> $crate::callback::Callback<M> for $callback<M> {
            fn name(&self) -> &'static str {
                $crate::callback::AnyCallback::name(&self.untyped)
            }

            fn mistakes(&self, run: &$crate::callback::RunPlan) -> Vec<String> {
                $crate::callback::AnyCallback::mistakes(&self.untyped, run)
            }

            fn on(
                &mut self,
                event: &$crate::callback::Event<'_>,
                training: &mut dyn $crate::callback::Training<M>,
            ) -> $crate::Result<$crate::callback::Flow> {
                $crate::callback::AnyCallback::on(&mut self.untyped, event, training.any())
            }

            fn settings(&self) -> String {
                $crate::callback::AnyCallback::settings(&self.untyped)
            }

            fn remember(&self, memory: &mut $crate::callback::Memory) {
                $crate::callback::AnyCallback::remember(&self.untyped, memory);
            }

            fn recall(&mut self, memory: &$crate::callback::Memory) {
                $crate::callback::AnyCallback::recall(&mut self.untyped, memory);
            }
        }
    };
}
use callback_of_its_model;

/// What is known of a run before it starts.
#[derive(Clone, Copy, Debug)]
pub struct RunPlan {
    /// The model.
    pub graph: &'static Graph,
    /// The number of the epoch after the last one.
    pub epochs: usize,
    /// How many batches an epoch has.
    pub steps_per_epoch: usize,
    /// How many rows train.
    pub rows: usize,
    /// Whether there are rows to validate with.
    pub validation: Validation,
    /// Whether the run goes on from a checkpoint.
    pub resumes: bool,
}

impl RunPlan {
    /// How many steps there are before a step of an epoch, both from 0, counted from the beginning
    /// of epoch 0. Exact whatever the settings: a product of two `usize` needs 128 bits.
    pub fn steps_before(&self, epoch: usize, step: usize) -> u128 {
        epoch as u128 * self.steps_per_epoch as u128 + step as u128
    }

    /// How many steps the epochs have in all; those before
    /// `initial_epoch` count.
    pub fn total_steps(&self) -> u128 {
        self.steps_before(self.epochs, 0)
    }
}

/// Whether there are rows to validate with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Figures named `val_...` exist.
    Given,
    /// They do not.
    Missing,
}

/// What has just happened.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event<'a> {
    /// Everything is ready and nothing has run; also where an earlier run goes on.
    Started,
    /// What is worth knowing about the run and is no error: once after [`Event::Started`] with all
    /// that is known by then, and later where something shows. Not told where there is nothing.
    Notices {
        /// The new ones; [`History::notices`] has all.
        notices: &'a [Notice],
    },
    /// An epoch begins. Not told again where a run goes on in the middle of an epoch.
    EpochStarted {
        /// The epoch, from 0.
        epoch: usize,
    },
    /// A batch was trained on.
    StepEnded {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
        /// The total loss of the batch, before the step.
        loss: f64,
        /// The figures over the epoch so far.
        so_far: SoFar<'a>,
    },
    /// The loss of a batch or a gradient is not a number, and the step was not taken. Training ends
    /// with [`Error::NotFinite`](multi_input_base::Error::NotFinite) or
    /// [`Error::Gradient`](multi_input_base::Error::Gradient), unless a callback answers [`Flow::Stop`].
    NotFinite {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
        /// What is not finite.
        cause: &'a Cause,
        /// The first node whose output was not finite; `None` where all were.
        node: Option<&'static str>,
    },
    /// An epoch is over, its validation included.
    EpochEnded {
        /// The epoch, from 0.
        epoch: usize,
        /// Its figures.
        figures: &'a Figures,
    },
    /// Training pauses here, because a callback said so.
    Paused,
    /// Training is over, whether at its last epoch, by a callback, or by an error.
    Ended,
}

/// What is not finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The loss of an output.
    Loss {
        /// The output.
        output: &'static str,
        /// What its loss became.
        value: f64,
    },
    /// The gradient of a tensor, while all losses are finite.
    Gradient {
        /// The tensor's name in the module.
        tensor: String,
    },
}

/// `the loss of output `price``, `the gradient of `price.0.weight``.
impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cause::Loss { output, .. } => write!(f, "the loss of output `{output}`"),
            Cause::Gradient { tensor } => write!(f, "the gradient of `{tensor}`"),
        }
    }
}

/// The figures over the rows of an epoch so far, computed where somebody asks.
#[derive(Clone, Copy)]
pub struct SoFar<'a>(pub(crate) &'a dyn Fn() -> Figures);

impl SoFar<'_> {
    /// The figures.
    pub fn figures(&self) -> Figures {
        (self.0)()
    }
}

impl std::fmt::Debug for SoFar<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.figures().fmt(f)
    }
}

/// Whether training goes on. Where callbacks disagree, the last of these wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends here for now: a later run may go on from the checkpoint that [`Checkpoint`] writes.
    Pause,
    /// It has reached its end.
    Stop,
}

/// Where a training run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The epoch, from 0.
    pub epoch: usize,
    /// How many of its steps are over.
    pub step: usize,
    /// How many steps the optimizer has taken in all.
    pub updates: u64,
}

/// A training run as its callbacks see it, whatever the model, dtype, device and optimizer.
pub trait AnyTraining {
    /// What was known before the run started.
    fn plan(&self) -> &RunPlan;

    /// Where the run stands.
    fn position(&self) -> Position;

    /// The figures of the epochs that are over.
    fn history(&self) -> &History;

    /// What was learned from the training rows about the raw values.
    fn preprocessing(&self) -> Option<&Preprocessing>;

    /// The optimizer's learning rate.
    fn learning_rate(&self) -> f64;

    /// Takes steps of another learning rate from now on.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// Keeps the weights of the branch of the node of this name as they are from now on, or no longer.
    /// [`Training`] has `freeze`, which takes the handle of a node.
    fn freeze_node(&mut self, node: &str, frozen: bool);

    /// A copy of all weights, those that are not trained included.
    ///
    /// # Errors
    /// The device's.
    fn snapshot(&mut self) -> Result<Snapshot>;

    /// Puts a copy back.
    ///
    /// # Errors
    /// The device's, and where the copy is of another model.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;

    /// Writes the model as it is into a file that [`Model::load`](crate::Model::load) reads.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    fn save_model(&mut self, path: &Path) -> Result<()>;

    /// Asks for a checkpoint of the whole run in a folder, in which the newest `keep` stay. It is
    /// written once all callbacks have heard of the event, so that it holds what they made of it.
    fn request_checkpoint(&mut self, folder: &Path, keep: usize);

    /// Adds a notice to the history; it is told to all callbacks once they have heard of the event.
    fn notice(&mut self, notice: Notice);

    /// Says in words why the callback is about to end or pause training:
    /// [`History::end_reason`]. The first reason given stays.
    fn explain_end(&mut self, reason: String);
}

/// A training run of the model `M` as its callbacks see it: everything that [`AnyTraining`] has, and
/// nodes by their handles.
pub trait Training<M: Definition>: AnyTraining {
    /// The run, whatever its model.
    fn any(&mut self) -> &mut dyn AnyTraining;
}

impl<M: Definition, T: AnyTraining> Training<M> for T {
    fn any(&mut self) -> &mut dyn AnyTraining {
        self
    }
}

impl<M: Definition> dyn Training<M> + '_ {
    /// Keeps the weights of a node's branch as they are from now on, or no longer. A `BatchNorm`
    /// in it uses its running statistics and keeps them meanwhile.
    pub fn freeze(&mut self, branch: impl Into<NodeOf<M>>, frozen: bool) {
        self.freeze_node(branch.into().name(), frozen);
    }
}

/// A training run behind a reference.
struct Lent<'a>(&'a mut dyn AnyTraining);

impl AnyTraining for Lent<'_> {
    fn plan(&self) -> &RunPlan {
        self.0.plan()
    }
    fn position(&self) -> Position {
        self.0.position()
    }
    fn history(&self) -> &History {
        self.0.history()
    }
    fn preprocessing(&self) -> Option<&Preprocessing> {
        self.0.preprocessing()
    }
    fn learning_rate(&self) -> f64 {
        self.0.learning_rate()
    }
    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.0.set_learning_rate(learning_rate);
    }
    fn freeze_node(&mut self, node: &str, frozen: bool) {
        self.0.freeze_node(node, frozen);
    }
    fn snapshot(&mut self) -> Result<Snapshot> {
        self.0.snapshot()
    }
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
    fn save_model(&mut self, path: &Path) -> Result<()> {
        self.0.save_model(path)
    }
    fn request_checkpoint(&mut self, folder: &Path, keep: usize) {
        self.0.request_checkpoint(folder, keep);
    }
    fn notice(&mut self, notice: Notice) {
        self.0.notice(notice);
    }
    fn explain_end(&mut self, reason: String) {
        self.0.explain_end(reason);
    }
}

#[cfg(test)]
mod tests;
