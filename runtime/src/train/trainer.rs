//! The trainer: the settings of training.

use std::{marker::PhantomData, path::Path};

use multi_input_base::Seed;
use multi_input_data::Source;
use multi_input_nn::optim::{AnyOptimizer, Optimizer};

use super::sources::{SampleWeight, SamplesOf, ValidationSource};
use crate::{
    callback::{
        Borrowed, Callback, Event, Gradients, IntoFlow, OnEvent, OnGradients, Progress,
        TakesCallback, Training,
    },
    cluster::{Cluster, Wire},
    definition::{ClassOutput, Definition, Droppable, NodeIn, OutputIn},
    fit::{ClassWeights, Clip, LeftOut, MovingAverage, Refit, Settings, Shuffle, ValidationRows},
};

/// Trains a model, with the semantics of `keras.Model.fit`.
///
/// Defaults: batches of 32 rows (the last one may be smaller), a new order of the rows in every
/// epoch, no validation, one epoch.
///
/// | here | Keras |
/// |---|---|
/// | [`epochs`](Trainer::epochs), [`initial_epoch`](Trainer::initial_epoch), [`steps_per_epoch`](Trainer::steps_per_epoch), [`batch_size`](Trainer::batch_size), [`shuffle`](Trainer::shuffle) | of that name in `fit` |
/// | [`validation_split`](Trainer::validation_split), [`validation_data`](Trainer::validation_data), [`validation_source`](Trainer::validation_source), [`validation_frequency`](Trainer::validation_frequency) | `validation_split`, `validation_data` (of arrays, of a dataset), `validation_freq` |
/// | [`sample_weight`](Trainer::sample_weight), [`class_weight`](Trainer::class_weight), [`callback`](Trainer::callback), [`progress`](Trainer::progress) | of that name; `verbose` |
/// | [`on_event`](Trainer::on_event), [`on_gradients`](Trainer::on_gradients) | `LambdaCallback`; a `train_step` of one's own |
/// | [`accumulate`](Trainer::accumulate), [`clip`](Trainer::clip), [`moving_average`](Trainer::moving_average) | `gradient_accumulation_steps`, `clipnorm` and its kin, `use_ema` of an optimizer |
/// | [`learning_rate_of`](Trainer::learning_rate_of), [`freeze`](Trainer::freeze), [`drop_input`](Trainer::drop_input), [`resume`](Trainer::resume) | loops of one's own; `BackupAndRestore` |
///
/// A trainer may move to another thread. So callbacks are `Send` and `Sync`; those that are not need a
/// trainer from [`on_one_thread`](Trainer::on_one_thread).
///
/// The third parameter is the type of the callbacks, which only differs where callbacks
/// [borrow](Trainer::callback_mut) or stay on a thread: `Trainer<House, Adam>` is a trainer whose
/// callbacks do neither.
pub struct Trainer<M, O, C: ?Sized = dyn Callback<M> + Send + Sync> {
    pub(super) optimizer: O,
    pub(super) boxed: fn(&O) -> Box<dyn AnyOptimizer>,
    pub(super) settings: Settings,
    pub(super) validation: ValidationRows,
    pub(super) progress: Progress,
    pub(super) callbacks: Vec<Box<C>>,
    pub(super) sample_weights: Vec<SampleWeight<M>>,
    pub(super) class_weights: Vec<ClassWeights>,
    /// An input that the run ignores, to measure its importance.
    pub(crate) left_out: Option<LeftOut>,
}

/// An optimizer of the type `O` as a trainer holds it.
#[diagnostic::on_unimplemented(
    message = "`{O}` is no optimizer: write `Trainer::new(Adam::new(1e-3))`",
    label = "not an `Adam`, `AdamW`, `RmsProp` or `Sgd`, nor an own type that implements `Optimizer`"
)]
pub trait TakesOptimizer<O> {
    #[doc(hidden)]
    fn boxed(optimizer: &O) -> Box<Self>;
}

#[diagnostic::do_not_recommend]
impl<O: Optimizer> TakesOptimizer<O> for dyn AnyOptimizer {
    fn boxed(optimizer: &O) -> Box<Self> {
        optimizer.boxed()
    }
}

impl<'c, M, O> Trainer<M, O, dyn Callback<M> + Send + Sync + 'c> {
    /// A trainer with Keras's defaults.
    #[rustfmt::skip] // In one line, which rustc's message quotes.
    pub fn new(optimizer: O) -> Self where dyn AnyOptimizer: TakesOptimizer<O> {
        Trainer::with(optimizer)
    }

    /// Adds a callback. Callbacks are called in the order they were added.
    #[must_use]
    #[rustfmt::skip]
    #[doc(alias("callbacks", "add_callback", "with_callback"))]
    pub fn callback<K>(mut self, callback: K) -> Self where dyn Callback<M> + Send + Sync + 'c: TakesCallback<K> {
        self.callbacks.push(TakesCallback::boxed(callback));
        self
    }

    /// Adds a callback that the run borrows: afterwards it holds what it has collected.
    ///
    /// ```
    /// use multi_input::{callback::{AnyCallback, AnyTraining, Event, Flow}, prelude::*};
    ///
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input(standardize)]
    /// #     rooms: f32,
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # let rows: Vec<HouseSample> =
    /// #     (0..8u8).map(|n| HouseSample { rooms: n.into(), price: n.into() }).collect();
    /// #[derive(Default)]
    /// struct Steepest {
    ///     loss: f64,
    /// }
    ///
    /// impl AnyCallback for Steepest {
    ///     fn name(&self) -> &'static str {
    ///         "Steepest"
    ///     }
    ///
    ///     fn on(&mut self, event: &Event<'_>, _: &mut dyn AnyTraining) -> multi_input::Result<Flow> {
    ///         if let Event::StepEnded { loss, .. } = event {
    ///             self.loss = self.loss.max(*loss);
    ///         }
    ///         Ok(Flow::Continue)
    ///     }
    /// }
    ///
    /// let mut steepest = Steepest::default();
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// Trainer::new(Adam::new(1e-3)).callback_mut(&mut steepest).fit(&mut model, &rows)?;
    /// assert!(steepest.loss > 0.0);
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    #[must_use]
    #[rustfmt::skip]
    pub fn callback_mut<'b, K: ?Sized>(self, callback: &'b mut K) -> Self where dyn Callback<M> + Send + Sync + 'c: TakesCallback<Borrowed<'b, K>> {
        self.callback(Borrowed(callback))
    }

    /// Adds a closure that is called on every event, as the `on` of a callback is. It returns
    /// nothing, a [`Flow`](crate::callback::Flow), or a `Result` of either. It may borrow, so that
    /// what it collects is at hand after the run, and it has no state in checkpoints: a closure that
    /// counts begins anew in a resumed run. `keras.callbacks.LambdaCallback`.
    #[must_use]
    #[doc(alias = "lambda_callback")]
    #[rustfmt::skip]
    pub fn on_event<R: IntoFlow, F>(self, closure: F) -> Self where F: FnMut(&Event<'_>, &mut dyn Training<M>) -> R, dyn Callback<M> + Send + Sync + 'c: TakesCallback<OnEvent<F, R>> {
        self.callback(OnEvent(closure, IntoFlow::into_flow))
    }

    /// Adds a closure that is called with the gradients of every optimizer step, after the backward
    /// pass and before [clipping](Trainer::clip). It may read and change them, by node and by tensor.
    /// Several are called in the order in which they were added, callbacks with a
    /// [`gradients`](crate::callback::Callback::gradients) of their own among them.
    ///
    /// The closure has no state in checkpoints. A resumed run has the bits of an uninterrupted one
    /// if the closure depends only on the gradients and on their
    /// [position](crate::callback::Gradients::position).
    ///
    /// ```
    /// use multi_input::prelude::*;
    ///
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input(standardize)]
    /// #     rooms: f32,
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// # let rows: Vec<HouseSample> =
    /// #     (0..8u8).map(|n| HouseSample { rooms: n.into(), price: n.into() }).collect();
    /// let mut norms = Vec::new();
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// Trainer::new(Sgd::new(0.1))
    ///     .on_gradients(|gradients| {
    ///         norms.push(gradients.norm());
    ///         // Gradient centralization of the weights of one branch.
    ///         gradients.each(|gradient| {
    ///             if gradient.node() == House::price.name() && gradient.shape().len() == 2 {
    ///                 let mean = gradient.values().iter().sum::<f64>() / gradient.len() as f64;
    ///                 gradient.map(|_, element| element - mean);
    ///             }
    ///         });
    ///     })
    ///     .fit(&mut model, &rows)?;
    /// assert_eq!(norms.len(), 1);
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    #[must_use]
    #[rustfmt::skip]
    pub fn on_gradients<F>(self, closure: F) -> Self where F: FnMut(&mut Gradients<'_>), dyn Callback<M> + Send + Sync + 'c: TakesCallback<OnGradients<F>> {
        self.callback(OnGradients(closure))
    }
}

impl<M, O, C: ?Sized> Trainer<M, O, C> {
    pub(super) fn with(optimizer: O) -> Self
    where
        dyn AnyOptimizer: TakesOptimizer<O>,
    {
        Trainer {
            optimizer,
            boxed: TakesOptimizer::boxed,
            settings: Settings::default(),
            validation: ValidationRows::None,
            progress: Progress::auto(),
            callbacks: Vec::new(),
            sample_weights: Vec::new(),
            class_weights: Vec::new(),
            left_out: None,
        }
    }

    /// The number of the epoch to end before. This is the number of passes over the training rows,
    /// unless [`initial_epoch`](Trainer::initial_epoch) or
    /// [`steps_per_epoch`](Trainer::steps_per_epoch) is set.
    #[must_use]
    #[doc(alias("num_epochs", "max_epochs", "n_epochs"))]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// The number of the first epoch, from 0. Shuffling and random numbers are those of an
    /// uninterrupted run at that epoch.
    #[must_use]
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.settings.initial_epoch = epoch;
        self
    }

    /// The size of the shuffle buffer of [`fit_from`](Trainer::fit_from) in rows: 10,000 by
    /// default, limited by [`shuffle_memory`](Trainer::shuffle_memory). A file sorted by its target
    /// needs a buffer as large as possible. On a [cluster](Trainer::on) it is divided among the shards.
    /// `tf.data.Dataset.shuffle(rows)`.
    #[must_use]
    #[doc(alias = "buffer_size")]
    pub fn shuffle_window(mut self, rows: usize) -> Self {
        self.settings.shuffle_window = rows;
        self
    }

    /// The size of the shuffle buffer of [`fit_from`](Trainer::fit_from) in bytes: 128 MiB by
    /// default. If fewer rows than [`shuffle_window`](Trainer::shuffle_window) fit, a
    /// [notice](multi_input_base::Notice) is given before the first step.
    #[must_use]
    pub fn shuffle_memory(mut self, bytes: usize) -> Self {
        self.settings.shuffle_memory = bytes;
        self
    }

    /// The number of rows in a batch.
    #[must_use]
    #[doc(alias = "batch")]
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.settings.batch_size = rows;
        self
    }

    /// The number of steps in an epoch, if it is not one pass over the rows. The next epoch
    /// continues where this one ends, so that all rows are used equally often.
    #[must_use]
    #[doc(alias = "limit_train_batches")]
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.settings.steps_per_epoch = Some(steps);
        self
    }

    /// Validates on the last `fraction` of the rows: the first floor(n * (1 - fraction)) are
    /// training rows. The rows are split before shuffling.
    #[must_use]
    #[doc(alias("val_split", "validation_fraction"))]
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation = ValidationRows::Split(fraction);
        self
    }

    /// Validates on separate rows.
    #[must_use]
    #[rustfmt::skip]
    #[doc(alias("val_data", "eval_set", "validation"))]
    pub fn validation_data<S>(mut self, rows: S) -> Self where S: SamplesOf<M> {
        self.validation = ValidationRows::Rows(rows.encode("validate with"));
        self
    }

    /// Validates on the rows of a source, which are read anew for every validation, a few hundred
    /// at a time. The figures are bit for bit those of
    /// [`validation_data`](Trainer::validation_data) on the same rows. Before the first step the
    /// source is read and preprocessed once, to compare it with the training rows.
    /// `validation_data` with a `tf.data.Dataset`.
    #[must_use]
    pub fn validation_source<S>(mut self, source: S) -> Self
    where
        M: Definition,
        S: Source<Row = M::Sample> + Send + 'static,
    {
        let samples = ValidationSource::<M, _>(source, PhantomData);
        self.validation = ValidationRows::Source(Box::new(samples));
        self
    }

    /// Validates only after every `epochs` epochs.
    #[must_use]
    #[doc(alias("validation_freq", "check_val_every_n_epoch"))]
    pub fn validation_frequency(mut self, epochs: usize) -> Self {
        self.settings.validation_frequency = epochs;
        self
    }

    /// The seed of shuffling, dropout and augmentation.
    #[must_use]
    #[doc(alias("random_state", "manual_seed"))]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.settings.seed = seed;
        self
    }

    /// The order of the training rows.
    #[must_use]
    pub fn shuffle(mut self, shuffle: Shuffle) -> Self {
        self.settings.shuffle = shuffle;
        self
    }

    /// How progress is displayed.
    #[must_use]
    #[doc(alias = "verbose")]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Gradient accumulation: takes an optimizer step after every `batches` batches, with the mean
    /// of their gradients. Batches left at the end of an epoch count in the next one. Every batch
    /// has the same weight, regardless of how many of its rows have known targets.
    /// `gradient_accumulation_steps` in Keras.
    #[must_use]
    #[doc(alias("gradient_accumulation_steps", "accumulate_grad_batches"))]
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.settings.accumulate = batches;
        self
    }

    /// Gradient clipping.
    #[must_use]
    #[doc(alias("clipnorm", "clipvalue", "clip_grad_norm", "gradient_clip_val"))]
    pub fn clip(mut self, clip: Clip) -> Self {
        self.settings.clip = Some(clip);
        self
    }

    /// Keeps a moving average of the weights, which the model has at the end. `fit` refuses it with a
    /// `sharded` table, of which a step reads only some rows.
    #[must_use]
    #[doc(alias("use_ema", "ema"))]
    pub fn moving_average(mut self, average: MovingAverage) -> Self {
        self.settings.moving_average = Some(average);
        self
    }

    /// Updates every row of every embedding table in every step.
    ///
    /// By default, a table with at least 64 rows per index of a batch is sparse: a step updates
    /// only the rows of the batch, and its time and memory do not grow with the table. With
    /// momentum a row keeps moving after its batch, and with
    /// [`AdamW`](multi_input_nn::optim::AdamW) all rows decay; these updates are deferred until the
    /// row is next looked up, or the model is evaluated, saved, or finished. The weights equal
    /// those of Keras's dense update except for rounding: decays are applied as one power instead
    /// of one product per step, and Adam omits movements below the rounding of the whole. PyTorch's
    /// `SparseAdam` and similar optimizers omit such updates.
    ///
    /// Tables are also updated as a whole if a [`moving_average`](Trainer::moving_average) follows
    /// all rows, if the branch contains a module of your own, which may read all rows, or if the
    /// optimizer is your own and has no [`catch_up`](multi_input_nn::optim::Optimizer::catch_up).
    /// With a `sharded` table `fit` refuses this setting, the average, and such an optimizer.
    #[must_use]
    pub fn whole_tables(mut self) -> Self {
        self.settings.whole_tables = true;
        self
    }

    /// Leaves untrained vectors at their random initial values, as Keras and PyTorch do.
    ///
    /// By default, the vector of a category that no training row has (the unknown category
    /// included) becomes the mean of the trained vectors, and the learned vector of an optional
    /// input that was never absent becomes the mean output of the branch over the first 512
    /// training rows. This is done at the end of the run and temporarily for validation, snapshots
    /// and saved models; it does not affect training. Frozen branches are not changed.
    #[must_use]
    pub fn keep_untrained(mut self) -> Self {
        self.settings.keep_untrained = true;
        self
    }

    /// Multiplies the learning rate of a node's branch by `factor`.
    #[must_use]
    #[doc(alias("param_groups", "layer_learning_rate"))]
    pub fn learning_rate_of(mut self, branch: impl NodeIn<M>, factor: f64) -> Self {
        self.settings.rates.push((branch.node().name(), factor));
        self
    }

    /// Freezes the branch of a node for the whole run; [`Freeze`](crate::callback::Freeze) freezes
    /// it for the first epochs.
    #[must_use]
    #[doc(alias("trainable", "set_trainable", "requires_grad"))]
    pub fn freeze(mut self, branch: impl NodeIn<M>) -> Self {
        self.settings.frozen.push(branch.node().name());
        self
    }

    /// Modality dropout: makes an optional input absent in each training row with the given
    /// probability, so that the model learns to do without it. Anything other than an optional
    /// input does not compile.
    #[must_use]
    #[doc(alias("input_dropout", "modality_dropout"))]
    pub fn drop_input(mut self, input: impl Droppable<M>, probability: f64) -> Self {
        self.settings.dropped.push((input.node().name(), probability));
        self
    }

    /// Trains on the ranks of a [cluster](crate::cluster), each of which computes a part of every
    /// batch; [`batch_size`](Trainer::batch_size) stays that of the whole batch. All ranks call `fit` with
    /// the same settings and rows.
    ///
    /// The gradient is the sum over all rows of the batch, divided by the batch's own counts, as on
    /// one rank; so are the statistics of `BatchNorm`, penalties, clipping, metrics, and with them
    /// early stopping and schedules. Results differ from those on one rank by rounding, and have the
    /// same bits on as many ranks; [`virtual_shards`](Trainer::virtual_shards) gives the same bits on
    /// any number of ranks.
    ///
    /// Callbacks run on all ranks; those that write run on rank 0. What a callback asks for after a
    /// step takes effect one step later, when all ranks know of it. The figures of an epoch so far
    /// are those of this rank's rows.
    ///
    /// `torch.nn.parallel.DistributedDataParallel`, which averages the mean gradients of the ranks,
    /// whatever their rows weigh; `tf.distribute.MultiWorkerMirroredStrategy`.
    ///
    /// # Errors
    /// Of `fit`: [`Error::Rank`](crate::Error::Rank), where another rank ended the run, with its message.
    #[must_use]
    #[doc(alias("strategy", "distributed", "world"))]
    pub fn on(mut self, cluster: &Cluster) -> Self {
        self.settings.cluster = Some(cluster.clone());
        self
    }

    /// Divides every batch into this many shards, which go through the model one by one and are
    /// added up in a fixed order, so that the result has the same bits on every number of ranks up
    /// to `shards`, one included. A number of ranks that divides `shards` gives all of them equal work.
    ///
    /// By default there is one shard for each rank. A run that is resumed keeps its number of
    /// shards.
    #[must_use]
    pub fn virtual_shards(mut self, shards: usize) -> Self {
        self.settings.virtual_shards = Some(shards);
        self
    }

    /// The precision in which gradients travel between the ranks of a cluster; by default that of
    /// the model.
    #[must_use]
    #[doc(alias("compress", "compression"))]
    pub fn wire(mut self, wire: Wire) -> Self {
        self.settings.wire = wire;
        self
    }

    /// Resumes the run from the newest checkpoint in a folder that
    /// [`Checkpoint`](crate::callback::Checkpoint) writes, or from one of its files. The final
    /// weights are bit for bit those of an uninterrupted run. If the folder has no checkpoints, the
    /// run starts from the beginning.
    ///
    /// Everything that the outcome depends on must be unchanged, or the error names it with its old
    /// and new value: rows and weights (by value), the order of the rows, the optimizer with its
    /// settings, frozen branches, validation rows (except those of a source), and each callback's
    /// [settings](crate::callback::Callback::settings). The number of epochs may grow, and
    /// checkpoints and logs may change paths and intervals.
    #[must_use]
    #[doc(alias("resume_from_checkpoint", "ckpt_path"))]
    pub fn resume(mut self, path: impl AsRef<Path>) -> Self {
        self.settings.resume = Some(path.as_ref().to_owned());
        self
    }

    /// Fits the preprocessing of an input, of a derived node, or of an output's target, anew on the
    /// training rows, although it is already fitted: by an earlier run, in a file, or in a model from which it was
    /// [taken](crate::Model::take). Inputs that share a vocabulary are refitted together; rows of
    /// weight 0 are treated as [`sample_weight`](Trainer::sample_weight) describes.
    ///
    /// The weights were trained on the old scale, which is a disadvantage at the start; a frozen
    /// branch never adapts to the new one, which a [notice](multi_input_base::Notice) says. The
    /// rows of an embedding table then stand for other words, because a new vocabulary is in
    /// another order: [`Model::grow`](crate::Model::grow) adds words and keeps the others.
    #[must_use]
    pub fn refit(mut self, field: impl NodeIn<M>) -> Self {
        if let Refit::Fields(fields) = &mut self.settings.refit {
            fields.push(field.node().name());
        }
        self
    }

    /// As [`refit`](Trainer::refit), for all inputs and targets.
    #[must_use]
    pub fn refit_all(mut self) -> Self {
        self.settings.refit = Refit::All;
        self
    }

    /// Weights every row by `weight(row)` in an output's loss: sum(weight * loss) / rows. Keras's
    /// `sample_weight`.
    ///
    /// Preprocessing does not learn from rows of weight 0, in memory and streamed: neither the
    /// steps and labels of that output's target nor, if the row counts for no output, the steps of
    /// the inputs. A label that only such rows have is no class, and these rows count as rows with
    /// an unknown target. Weights above 0 make no difference to preprocessing. `metrics(...)` count
    /// every row once, `weighted_metrics(...)` by its weight. For an unknown target use an `Option`
    /// rather than weight 0; then no figure includes the row.
    #[must_use]
    #[rustfmt::skip]
    #[doc(alias = "sample_weights")]
    pub fn sample_weight<F>(mut self, output: impl OutputIn<M>, weight: F) -> Self
    where
        M: Definition,
        F: Fn(&M::Sample) -> f32 + Send + Sync + 'static,
    {
        let (index, output) = (output.index(), output.name());
        self.sample_weights.push(SampleWeight { index, output, weight: Box::new(weight) });
        self
    }

    /// Weights the training rows of each class by `weight` in an output's loss; classes without a
    /// weight count once. The output must be a `Class<N>`, or a `bool` with the classes 0 and 1;
    /// other outputs do not compile. Keras's `class_weight`.
    ///
    /// For several labels, `[bool; N]`, the classes are 0 and 1 as well, and each element of a row
    /// is weighted by its own class: a weight of 3 for class 1 is `pos_weight = 3` of
    /// `torch.nn.BCEWithLogitsLoss`, for every label alike.
    ///
    /// Preprocessing learns from rows of a class of weight 0 no more than from rows with
    /// [`sample_weight`](Trainer::sample_weight) 0, except that the labels of an output with
    /// `categories` are learned from them too, because only the labels determine the class of a
    /// weight.
    #[must_use]
    #[rustfmt::skip]
    #[doc(alias = "class_weights")]
    pub fn class_weight(mut self, output: impl ClassOutput<M>, weights: impl IntoIterator<Item = (usize, f64)>) -> Self {
        let (index, weights) = (output.index(), weights.into_iter().collect());
        self.class_weights.push(ClassWeights { index, weights });
        self
    }
}
