//! Callbacks, one file each, called with typed events.
//!
//! A callback is called on every event and returns whether training continues. It acts through the
//! [`Training`] passed with the event. Its state is saved in the checkpoints of the run, so that a
//! resumed run behaves like an uninterrupted one.
//!
//! A callback of your own implements [`Callback`], for one model, or [`AnyCallback`], for every
//! model. [`Trainer::callback`] takes it for the run; [`Trainer::callback_mut`] borrows it, so that
//! what it has collected is at hand afterwards. [`Trainer::on_event`] and
//! [`Trainer::on_gradients`] take closures.
//!
//! ```
//! use multi_input::{callback::{Event, Flow}, prelude::*};
//!
//! # #[multi_input_model]
//! # struct House {
//! #     #[input(standardize)]
//! #     rooms: f32,
//! #     #[from(rooms)]
//! #     #[branch(Dense(1))]
//! #     #[output(loss = mse)]
//! #     price: f32,
//! # }
//! # let rows: Vec<HouseSample> =
//! #     (0..8u8).map(|n| HouseSample { rooms: n.into(), price: n.into() }).collect();
//! let mut losses = Vec::new();
//! let mut model = House::build(&Cpu::default(), Seed(7));
//! Trainer::new(Adam::new(1e-3))
//!     .epochs(2)
//!     .batch_size(4)
//!     .on_event(|event, _| {
//!         if let Event::StepEnded { loss, .. } = event {
//!             losses.push(*loss);
//!         }
//!     })
//!     .fit(&mut model, &rows)?;
//! assert_eq!(losses.len(), 4);
//! # Ok::<(), multi_input::Error>(())
//! ```
//!
//! [`Trainer::callback`]: crate::train::Trainer::callback
//! [`Trainer::callback_mut`]: crate::train::Trainer::callback_mut
//! [`Trainer::on_event`]: crate::train::Trainer::on_event
//! [`Trainer::on_gradients`]: crate::train::Trainer::on_gradients
//!
//! | callback | Keras | PyTorch, Lightning |
//! |---|---|---|
//! | [`EarlyStopping`] | `EarlyStopping` | `EarlyStopping` |
//! | [`Checkpoint`] | `ModelCheckpoint`, `BackupAndRestore` | `ModelCheckpoint` |
//! | [`ReduceOnPlateau`] | `ReduceLROnPlateau` | `lr_scheduler.ReduceLROnPlateau` |
//! | [`LearningRateSchedule`] | `LearningRateScheduler`, `optimizers.schedules` | `lr_scheduler` |
//! | [`Freeze`] | `layer.trainable` | `BaseFinetuning` |
//! | [`CsvLog`] | `CSVLogger` | `CSVLogger` |
//! | [`JsonLog`] | | |
//! | [`TensorBoard`] | `TensorBoard` | `TensorBoardLogger` |
//! | [`TerminateOnNan`] | `TerminateOnNaN` | `detect_anomaly` |
//! | [`Timer`] | | `Timer` |
//! | [`Progress`] | `ProgbarLogger` | `TQDMProgressBar` |
//! | [`Interrupt`] | | `OnExceptionCheckpoint` |

mod borrowed;
mod checkpoint;
mod closure;
mod csv_log;
mod early_stopping;
mod freeze;
mod gradients;
mod interrupt;
mod json_log;
mod learning_rate_schedule;
mod log_file;
mod memory;
mod monitor;
mod progress;
mod rank_speed;
mod rate_schedule;
mod reduce_on_plateau;
mod schedule;
mod tensor_board;
mod terminate_on_nan;
mod timer;

#[doc(hidden)]
pub use borrowed::Borrowed;
pub use checkpoint::Checkpoint;
pub use closure::IntoFlow;
#[doc(hidden)]
pub use closure::{OnEvent, OnGradients};
pub use csv_log::CsvLog;
pub use early_stopping::EarlyStopping;
pub use freeze::Freeze;
pub use gradients::{Gradient, Gradients};
pub(crate) use gradients::{GradientSource, ShownGradient};
pub use interrupt::Interrupt;
pub use json_log::JsonLog;
pub use learning_rate_schedule::LearningRateSchedule;
pub use memory::Memory;
pub use monitor::{Listed, Monitor, MonitorOf};
pub use progress::Progress;
pub use rank_speed::RankSpeed;
pub(crate) use rate_schedule::is_learning_rate;
pub use rate_schedule::RateSchedule;
pub use reduce_on_plateau::ReduceOnPlateau;
pub use schedule::{Schedule, Warmup};
pub use tensor_board::TensorBoard;
pub use terminate_on_nan::TerminateOnNan;
pub use timer::{Timer, Times};

use std::{marker::PhantomData, path::Path};

use multi_input_base::{Notice, Result};
use multi_input_data::preprocess::Preprocessing;

pub use crate::untyped::Snapshot;
use crate::{
    definition::{Graph, NodeIn},
    history::{Figures, History},
};

/// A callback for training the model `M`. `keras.callbacks.Callback`; `lightning.Callback`.
pub trait Callback<M> {
    /// The name under which checkpoints store the callback's state.
    fn name(&self) -> &'static str;

    /// Mistakes in the callback's settings for this run.
    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let _ = run;
        Vec::new()
    }

    /// Handles an event.
    ///
    /// # Errors
    /// Any error of the callback; it ends training.
    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow>;

    /// Reads or changes the gradients of an optimizer step, before they are clipped. Called once
    /// for each step of the optimizer. [`Trainer::on_gradients`](crate::train::Trainer::on_gradients)
    /// takes a closure.
    ///
    /// On several ranks each sees the gradients of the whole batch, and changes them alike. Of a table
    /// that is divided among ranks ([`Model::build_on`](crate::Model::build_on)) each sees those of the
    /// rows that it holds, by their numbers in the whole table, so figures over them, such as
    /// [`Gradients::norm`], differ between ranks, and must not decide about other tensors.
    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        let _ = gradients;
    }

    /// Whether only the main rank of a [cluster](crate::cluster) calls it, because it writes or shows
    /// something. It is added to the trainers of all ranks nevertheless. Callbacks that change the run,
    /// or ask for its end or for a checkpoint, run on all ranks; where tables are divided among ranks
    /// ([`Model::build_on`](crate::Model::build_on)), also those that call [`AnyTraining::snapshot`]
    /// or [`AnyTraining::save_model`], in which all ranks take part.
    fn on_main_rank_only(&self) -> bool {
        false
    }

    /// The settings that the outcome of the run depends on, in words: a run is resumed only with
    /// equal settings. Paths and display intervals do not belong here.
    fn settings(&self) -> String {
        String::new()
    }

    /// Stores the state needed to resume.
    fn remember(&self, memory: &mut Memory) {
        let _ = memory;
    }

    /// Restores the stored state.
    fn recall(&mut self, memory: &Memory) {
        let _ = memory;
    }
}

/// A [`Callback`] for training any model. Implementors are callbacks of every model.
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
    /// Any error of the callback; it ends training.
    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow>;

    /// [`Callback::gradients`].
    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        let _ = gradients;
    }

    /// [`Callback::on_main_rank_only`].
    fn on_main_rank_only(&self) -> bool {
        false
    }

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

impl<M, C: AnyCallback> Callback<M> for C {
    fn name(&self) -> &'static str {
        AnyCallback::name(self)
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        AnyCallback::mistakes(self, run)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<M>) -> Result<Flow> {
        AnyCallback::on(self, event, training.any())
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        AnyCallback::gradients(self, gradients);
    }

    fn on_main_rank_only(&self) -> bool {
        AnyCallback::on_main_rank_only(self)
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

/// The callbacks of a trainer, which take a callback of the type `K`.
#[diagnostic::on_unimplemented(
    message = "`{K}` is no callback that this trainer takes",
    label = "add callbacks one by one, closures by `on_event`; own ones implement `AnyCallback` and are `Send + Sync`"
)]
pub trait TakesCallback<K> {
    #[doc(hidden)]
    fn boxed(callback: K) -> Box<Self>;
}

#[diagnostic::do_not_recommend]
impl<'c, M, K> TakesCallback<K> for dyn Callback<M> + Send + Sync + 'c
where
    K: Callback<M> + Send + Sync + 'c,
{
    fn boxed(callback: K) -> Box<Self> {
        Box::new(callback)
    }
}

#[diagnostic::do_not_recommend]
impl<'c, M, K: Callback<M> + 'c> TakesCallback<K> for dyn Callback<M> + 'c {
    fn boxed(callback: K) -> Box<Self> {
        Box::new(callback)
    }
}

/// A callback of a model without the model's type, as the training loop stores it.
pub(crate) struct Untyped<M, C: ?Sized>(pub(crate) Box<C>, pub(crate) PhantomData<fn() -> M>);

impl<M, C: Callback<M> + ?Sized> AnyCallback for Untyped<M, C> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        self.0.mistakes(run)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        self.0.on(event, &mut TrainingRef(training))
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        self.0.gradients(gradients);
    }

    fn on_main_rank_only(&self) -> bool {
        self.0.on_main_rank_only()
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

/// Implements [`Callback`] for a callback typed by its model, by delegating to its field `untyped`.
macro_rules! callback_of_its_model {
    ($callback:ident) => {
        impl<M> $crate::callback::Callback<M> for $callback<M> {
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

            fn gradients(&mut self, gradients: &mut $crate::callback::Gradients<'_>) {
                $crate::callback::AnyCallback::gradients(&mut self.untyped, gradients);
            }

            fn on_main_rank_only(&self) -> bool {
                $crate::callback::AnyCallback::on_main_rank_only(&self.untyped)
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

/// The parameters of a run, known before it starts. `params` of Keras's callbacks.
#[derive(Clone, Copy, Debug)]
pub struct RunPlan {
    /// The model.
    pub graph: &'static Graph,
    /// The number of the epoch after the last one.
    pub epochs: usize,
    /// The number of batches in an epoch.
    pub steps_per_epoch: usize,
    /// The number of training rows.
    pub rows: usize,
    /// Whether there are validation rows.
    pub validation: Validation,
    /// Whether the run is resumed from a checkpoint.
    pub resumes: bool,
}

impl RunPlan {
    /// The number of steps before step `step` of epoch `epoch`, both from 0, counted from the start
    /// of epoch 0. A product of two `usize` needs 128 bits.
    pub fn steps_before(&self, epoch: usize, step: usize) -> u128 {
        epoch as u128 * self.steps_per_epoch as u128 + step as u128
    }

    /// The number of steps in all epochs, including those before `initial_epoch`.
    pub fn total_steps(&self) -> u128 {
        self.steps_before(self.epochs, 0)
    }
}

/// Whether there are validation rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Figures named `val_...` exist.
    Given,
    /// Figures named `val_...` do not exist.
    Missing,
}

/// An event of training.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event<'a> {
    /// Before the first step, also of a resumed run. `on_train_begin` in Keras.
    Started,
    /// Notices about the run: once after [`Event::Started`], and later as they arise. Not sent
    /// without notices.
    Notices {
        /// The new notices; [`History::notices`] has all.
        notices: &'a [Notice],
    },
    /// An epoch begins. Not sent again when a run resumes in the middle of an epoch.
    /// `on_epoch_begin` in Keras.
    EpochStarted {
        /// The epoch, from 0.
        epoch: usize,
    },
    /// A step has been taken. `on_train_batch_end` in Keras.
    StepEnded {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
        /// The total loss of the batch, before the step.
        loss: f64,
        /// The figures of the epoch so far.
        so_far: RunningFigures<'a>,
    },
    /// The loss of a batch, a gradient or running statistics are not finite, and the step was not
    /// taken; or it was taken, and has made weights so ([`Cause::Weights`]). Training ends with
    /// [`Error::NotFinite`](multi_input_base::Error::NotFinite),
    /// [`Error::Gradient`](multi_input_base::Error::Gradient),
    /// [`Error::Statistics`](multi_input_base::Error::Statistics) or
    /// [`Error::Weights`](multi_input_base::Error::Weights), unless a callback returns [`Flow::Stop`]
    /// and, where the weights are spoilt, restores others until the end. What only one of several ranks
    /// has, weights of a divided table or a gradient that its callbacks have changed, ends training
    /// with the error in any case.
    NotFinite {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
        /// What is not finite.
        cause: &'a Cause,
        /// The first node with a non-finite output; `None` if all outputs were finite.
        node: Option<&'static str>,
    },
    /// An epoch has ended, validation included. `on_epoch_end` in Keras.
    EpochEnded {
        /// The epoch, from 0.
        epoch: usize,
        /// The figures of the epoch.
        figures: &'a Figures,
    },
    /// Training pauses, because a callback returned [`Flow::Pause`].
    Paused,
    /// Training has ended: after its last epoch, by a callback, or by an error. `on_train_end` in
    /// Keras.
    Ended,
}

/// What is not finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The loss of an output.
    Loss {
        /// The output.
        output: &'static str,
        /// The value of its loss.
        value: f64,
    },
    /// The gradient of a tensor, while all losses are finite.
    Gradient {
        /// The tensor's name in the module.
        tensor: String,
    },
    /// Running statistics, such as those of `BatchNorm`, while all losses and gradients are finite.
    Statistics {
        /// The tensor's name in the module.
        tensor: String,
    },
    /// The weights after a step, while all losses and gradients are finite.
    Weights {
        /// The tensor's name in the module.
        tensor: String,
    },
}

/// `the loss of output `price``, `the gradient of `price.0.weight``, `the weights `price.0.weight``.
impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cause::Loss { output, .. } => write!(f, "the loss of output `{output}`"),
            Cause::Gradient { tensor } => write!(f, "the gradient of `{tensor}`"),
            Cause::Statistics { tensor } => write!(f, "the running statistics `{tensor}`"),
            Cause::Weights { tensor } => write!(f, "the weights `{tensor}`"),
        }
    }
}

/// The figures over the rows of an epoch so far, computed on request.
#[derive(Clone, Copy)]
pub struct RunningFigures<'a>(pub(crate) &'a dyn Fn() -> Figures);

impl RunningFigures<'_> {
    /// Computes the figures.
    pub fn figures(&self) -> Figures {
        (self.0)()
    }
}

impl std::fmt::Debug for RunningFigures<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.figures().fmt(f)
    }
}

/// Whether training continues. If callbacks disagree, the greatest value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Training continues.
    Continue,
    /// Training pauses; a later run may resume from the checkpoint that [`Checkpoint`] saves.
    Pause,
    /// Training stops for good.
    Stop,
}

/// The position of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The number of finished steps of the epoch.
    pub step: usize,
    /// The number of optimizer steps in all.
    pub updates: u64,
}

/// A training run as callbacks see it, independent of model, dtype, device and optimizer.
///
/// Where tables are divided among the ranks of a cluster ([`Model::build_on`](crate::Model::build_on)),
/// [`snapshot`](AnyTraining::snapshot), [`restore`](AnyTraining::restore),
/// [`save_model`](AnyTraining::save_model) and [`request_checkpoint`](AnyTraining::request_checkpoint)
/// are collective: all ranks call them at the same event, in the same order. A callback that calls one
/// of them is not [`on_main_rank_only`](Callback::on_main_rank_only), and does not call it within
/// `if training.rank() == 0`: the other ranks would be at another exchange, and the run would end with
/// [`Error::Rank`](multi_input_base::Error::Rank).
pub trait AnyTraining {
    /// The parameters of the run.
    fn plan(&self) -> &RunPlan;

    /// The position of the run.
    fn position(&self) -> Position;

    /// The figures of the finished epochs.
    fn history(&self) -> &History;

    /// The number of this rank in the [cluster](crate::cluster) of the run; 0 without one. Callbacks run on
    /// all ranks and do the same on all of them; those that only write are
    /// [on the main rank only](Callback::on_main_rank_only).
    fn rank(&self) -> usize {
        0
    }

    /// The speed of each rank in the last finished epoch; empty without a cluster.
    fn rank_speeds(&self) -> &[RankSpeed] {
        &[]
    }

    /// The fitted preprocessing.
    fn preprocessing(&self) -> Option<&Preprocessing>;

    /// The optimizer's learning rate.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate for the next steps, a number of at least 0: otherwise training ends with
    /// [`Error::CallbackLearningRate`](multi_input_base::Error::CallbackLearningRate). On several ranks
    /// all of them set the same.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// Freezes or unfreezes the branch of the node `node`. [`Training`] has `freeze`, which takes
    /// the handle of a node.
    fn freeze_node(&mut self, node: &str, frozen: bool);

    /// A copy of all weights, non-trainable ones included. Of a divided table it has the rows that
    /// this rank holds, and all ranks take part (see [`AnyTraining`]).
    ///
    /// # Errors
    /// The device's, and on several ranks [`Error::Rank`](multi_input_base::Error::Rank).
    fn snapshot(&mut self) -> Result<Snapshot>;

    /// Restores a copy of the weights, on every rank its own copy of the same moment.
    ///
    /// # Errors
    /// The device's, and if the copy belongs to another model.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;

    /// Saves the model to a file that [`Model::load`](crate::Model::load) reads. On several ranks
    /// rank 0 writes it; where tables are divided, the others send it their rows (see
    /// [`AnyTraining`]).
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File), and on several ranks
    /// [`Error::Rank`](multi_input_base::Error::Rank).
    fn save_model(&mut self, path: &Path) -> Result<()>;

    /// Requests a checkpoint of the run in a folder, which keeps the newest `keep` files. It is
    /// written after all callbacks have handled the event, so that it contains their new state. On
    /// several ranks all of them request it, because it has the figures of all (see [`AnyTraining`]):
    /// rank 0 writes it, and each rank a part of its own where tables are divided.
    fn request_checkpoint(&mut self, folder: &Path, keep: usize);

    /// Adds a notice to the history; all callbacks get it after they have handled the event.
    fn notice(&mut self, notice: Notice);

    /// Sets the reason for ending or pausing training, [`History::end_reason`]. The first reason is
    /// kept.
    fn explain_end(&mut self, reason: String);
}

/// A training run of the model `M` as callbacks see it: [`AnyTraining`], and nodes by their
/// handles.
pub trait Training<M>: AnyTraining {
    /// The run without the type of its model.
    fn any(&mut self) -> &mut dyn AnyTraining;
}

impl<M, T: AnyTraining> Training<M> for T {
    fn any(&mut self) -> &mut dyn AnyTraining {
        self
    }
}

impl<M> dyn Training<M> + '_ {
    /// Freezes or unfreezes a node's branch. A frozen `BatchNorm` uses its running statistics and
    /// does not update them.
    pub fn freeze(&mut self, branch: impl NodeIn<M>, frozen: bool) {
        self.freeze_node(branch.node().name(), frozen);
    }
}

/// A training run behind a reference, as a sized type.
struct TrainingRef<'a>(&'a mut dyn AnyTraining);

impl AnyTraining for TrainingRef<'_> {
    fn plan(&self) -> &RunPlan {
        self.0.plan()
    }
    fn position(&self) -> Position {
        self.0.position()
    }
    fn history(&self) -> &History {
        self.0.history()
    }
    fn rank(&self) -> usize {
        self.0.rank()
    }
    fn rank_speeds(&self) -> &[RankSpeed] {
        self.0.rank_speeds()
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
