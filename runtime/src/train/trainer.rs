//! How a model is trained: the settings, as the user gives them.

use std::{marker::PhantomData, path::Path};

use multi_input_base::Seed;
use multi_input_data::Source;
use multi_input_nn::optim::Optimizer;

use super::sources::{SampleWeight, SamplesOf};
use crate::{
    callback::{Callback, Progress},
    definition::{ClassOutput, Definition, Droppable, NodeOf, OutputOf},
    fit::{ClassWeights, Clip, LeftOut, MovingAverage, Settings, Shuffle, ValidationRows},
    objective::encode,
};

/// Trains a model, with the semantics of `keras.Model.fit`.
///
/// Batches of 32 (the last one may be smaller), a fresh order of the rows in every epoch, no
/// validation and one epoch, unless told otherwise.
///
/// | here | Keras |
/// |---|---|
/// | [`epochs`](Trainer::epochs), [`initial_epoch`](Trainer::initial_epoch), [`steps_per_epoch`](Trainer::steps_per_epoch), [`batch_size`](Trainer::batch_size), [`shuffle`](Trainer::shuffle) | of that name in `fit` |
/// | [`validation_split`](Trainer::validation_split), [`validation_data`](Trainer::validation_data), [`validation_source`](Trainer::validation_source), [`validation_frequency`](Trainer::validation_frequency) | `validation_split`, `validation_data` (of arrays, of a dataset), `validation_freq` |
/// | [`sample_weight`](Trainer::sample_weight), [`class_weight`](Trainer::class_weight), [`callback`](Trainer::callback), [`progress`](Trainer::progress) | of that name; `verbose` |
/// | [`accumulate`](Trainer::accumulate), [`clip`](Trainer::clip), [`moving_average`](Trainer::moving_average) | `gradient_accumulation_steps`, `clipnorm` and its kin, `use_ema` of an optimizer |
/// | [`learning_rate_of`](Trainer::learning_rate_of), [`freeze`](Trainer::freeze), [`drop_input`](Trainer::drop_input), [`resume`](Trainer::resume) | loops of one's own; `BackupAndRestore` |
pub struct Trainer<M: Definition, O> {
    pub(super) optimizer: O,
    pub(super) settings: Settings,
    pub(super) validation: ValidationRows,
    pub(super) progress: Progress,
    pub(super) callbacks: Vec<Box<dyn Callback<M>>>,
    pub(super) sample_weights: Vec<SampleWeight<M>>,
    pub(super) class_weights: Vec<ClassWeights>,
    /// An input that is to say nothing, to see how much it matters.
    pub(crate) left_out: Option<LeftOut>,
}

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// A trainer with Keras's defaults.
    pub fn new(optimizer: O) -> Trainer<M, O> {
        Trainer {
            optimizer,
            settings: Settings::default(),
            validation: ValidationRows::None,
            progress: Progress::auto(),
            callbacks: Vec::new(),
            sample_weights: Vec::new(),
            class_weights: Vec::new(),
            left_out: None,
        }
    }

    /// The number of the epoch to end before: how often every training row is used, unless
    /// [`initial_epoch`](Trainer::initial_epoch) or [`steps_per_epoch`](Trainer::steps_per_epoch)
    /// say otherwise.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// The number of the first epoch: earlier ones count as over, so that orders and draws of random
    /// numbers are those of the later epochs.
    #[must_use]
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.settings.initial_epoch = epoch;
        self
    }

    /// How many rows of a source are mixed at a time by [`fit_from`](Trainer::fit_from), 10,000 unless
    /// it is said here, as far as [`shuffle_memory`](Trainer::shuffle_memory) has room for them. A file
    /// that is sorted by its target wants a window as large as can be.
    /// `tf.data.Dataset.shuffle(rows)`.
    #[must_use]
    pub fn shuffle_window(mut self, rows: usize) -> Self {
        self.settings.shuffle_window = rows;
        self
    }

    /// How many bytes the rows take that [`fit_from`](Trainer::fit_from) mixes at a time, 128 MiB unless
    /// it is said here. Where fewer rows than [`shuffle_window`](Trainer::shuffle_window) have room, a
    /// [notice](multi_input_base::Notice) says so before the first step.
    #[must_use]
    pub fn shuffle_memory(mut self, bytes: usize) -> Self {
        self.settings.shuffle_memory = bytes;
        self
    }

    /// How many rows make a step.
    #[must_use]
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.settings.batch_size = rows;
        self
    }

    /// How many steps make an epoch, where it is not one pass over the rows. The next epoch goes on
    /// where this one ends, so that all rows are used equally often.
    #[must_use]
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.settings.steps_per_epoch = Some(steps);
        self
    }

    /// Validates with the last `fraction` of the rows: the first floor(n * (1 - fraction)) train.
    /// The cut is made before shuffling.
    #[must_use]
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation = ValidationRows::Split(fraction);
        self
    }

    /// Validates with rows of their own.
    #[must_use]
    pub fn validation_data(mut self, rows: &[M::Sample]) -> Self {
        self.validation = ValidationRows::Rows(encode::<M>(rows, "validate with"));
        self
    }

    /// Validates with the rows of a source, which are read anew every time: a batch of them is in
    /// memory at a time. The figures are those of [`validation_data`](Trainer::validation_data) on
    /// the same rows, bit for bit. Before the first step they are read and preprocessed once, to see
    /// what they hold beside the training rows. `validation_data` of a `tf.data.Dataset`.
    #[must_use]
    pub fn validation_source(mut self, source: impl Source<Row = M::Sample> + 'static) -> Self {
        self.validation = ValidationRows::Source(Box::new(SamplesOf::<M, _>(source, PhantomData)));
        self
    }

    /// Validates after every so many epochs only.
    #[must_use]
    pub fn validation_frequency(mut self, epochs: usize) -> Self {
        self.settings.validation_frequency = epochs;
        self
    }

    /// Where shuffling and dropout start.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.settings.seed = seed;
        self
    }

    /// In which order the rows are taken.
    #[must_use]
    pub fn shuffle(mut self, shuffle: Shuffle) -> Self {
        self.settings.shuffle = shuffle;
        self
    }

    /// How training is shown.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Tells `callback` how training goes. Callbacks are told in the order they were added.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback<M> + 'static) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Takes a step of the optimizer after every so many batches, with the mean of their gradients,
    /// as if they were one batch. Batches that are left at the end of an epoch count in the next. Where
    /// rows know only some targets, a batch counts as much as any other, however many of its rows do.
    #[must_use]
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.settings.accumulate = batches;
        self
    }

    /// Keeps gradients from growing too large.
    #[must_use]
    pub fn clip(mut self, clip: Clip) -> Self {
        self.settings.clip = Some(clip);
        self
    }

    /// Ends with a moving average of the weights.
    #[must_use]
    pub fn moving_average(mut self, average: MovingAverage) -> Self {
        self.settings.moving_average = Some(average);
        self
    }

    /// Changes every row of every embedding in every step.
    ///
    /// Otherwise a table with at least 64 rows for every index that a batch may hold changes the
    /// rows of the batch alone, and neither time nor memory of a step grows with it. With momentum
    /// a row goes on moving after the batch that it was in, and with [`AdamW`](multi_input_nn::optim::AdamW)
    /// all rows decay: those steps it takes when it is next looked up, or when the model is
    /// evaluated, saved, or done. The weights are those of the dense formula, Keras's, but for
    /// rounding: means fade by one power instead of a product a step, and Adam leaves off once what
    /// is left of a row's way is below the rounding of the whole. PyTorch's `SparseAdam` and its kin
    /// leave such steps out.
    ///
    /// Tables change as a whole anyway where a [`moving_average`](Trainer::moving_average) follows
    /// all rows, where the branch holds a module of your own, which may read them, or where the
    /// optimizer is your own and has no [`catch_up`](multi_input_nn::optim::Optimizer::catch_up).
    #[must_use]
    pub fn whole_tables(mut self) -> Self {
        self.settings.whole_tables = true;
        self
    }

    /// Leaves what no training row has reached at its random initial values, as Keras and PyTorch do.
    ///
    /// Otherwise the vector of a category that no training row has (the unknown one included) becomes
    /// the mean of the vectors that were trained, and the learned vector that stands in for an
    /// optional input which was never absent becomes the mean of what the branch gives for the first
    /// 512 training rows. That is done when the run ends, and shown to validation, snapshots and saved
    /// models in between; it changes nothing of what is trained. Frozen branches are left alone.
    #[must_use]
    pub fn keep_untrained(mut self) -> Self {
        self.settings.keep_untrained = true;
        self
    }

    /// Lets the branch of a node learn `factor` times as fast as the optimizer's rate says.
    #[must_use]
    pub fn learning_rate_of(mut self, branch: impl Into<NodeOf<M>>, factor: f64) -> Self {
        self.settings.rates.push((branch.into().name(), factor));
        self
    }

    /// Keeps the branch of a node as it is; [`Freeze`](crate::callback::Freeze) does so for a while.
    #[must_use]
    pub fn freeze(mut self, branch: impl Into<NodeOf<M>>) -> Self {
        self.settings.frozen.push(branch.into().name());
        self
    }

    /// Takes an optional input away from each training row with a probability, as if the row had
    /// none: a model that has seen it missing does without it later. "Modality dropout". What is no
    /// input, or no `Option`, does not compile.
    #[must_use]
    pub fn drop_input(mut self, input: impl Droppable<M>, probability: f64) -> Self {
        self.settings.dropped.push((input.node().name(), probability));
        self
    }

    /// Goes on from the newest checkpoint in a folder that [`Checkpoint`](crate::callback::Checkpoint)
    /// writes, or from a certain one of its files: the weights end as those of a run that was never
    /// broken off, bit for bit. Begins at the beginning where the folder holds none.
    ///
    /// Whatever the outcome depends on must be the same, or the error names it with its old and new
    /// value: rows and weights (by their values), the order of the rows, the optimizer with its
    /// settings, frozen branches, rows to validate with (but for those of a source), and each callback's
    /// [settings](crate::callback::Callback::settings). More epochs may be asked for, checkpoints
    /// and logs may go elsewhere or come more often.
    #[must_use]
    pub fn resume(mut self, path: impl AsRef<Path>) -> Self {
        self.settings.resume = Some(path.as_ref().to_owned());
        self
    }

    /// Fits the preprocessing anew on the rows that train, though the model has been fitted before: what
    /// a row of weight 0 teaches, [`sample_weight`](Trainer::sample_weight) says.
    /// The weights were trained on the old scale and start from a disadvantage.
    #[must_use]
    pub fn refit(mut self) -> Self {
        self.settings.refit = true;
        self
    }

    /// Lets every row count `weight(row)` times in an output's loss: sum(weight * loss) / rows.
    /// Keras's `sample_weight`.
    ///
    /// A row of weight 0 teaches preprocessing nothing, in memory and streamed: neither the steps nor the
    /// labels of that output's target, nor, where it counts for no output, the steps of the inputs. A
    /// label that only such rows have is no class; these rows count as if they did not know it. Weights
    /// above 0 are alike to preprocessing. The metrics in `metrics(...)` count every row once,
    /// `weighted_metrics(...)` by its weight. Where a target is not known, make its type an `Option`
    /// rather than a number of weight 0: then no figure counts it.
    #[must_use]
    pub fn sample_weight<const OUTPUT: usize>(
        mut self,
        output: OutputOf<M, OUTPUT>,
        weight: impl Fn(&M::Sample) -> f32 + Send + Sync + 'static,
    ) -> Self {
        let (index, output) = (OUTPUT, output.name());
        self.sample_weights.push(SampleWeight { index, output, weight: Box::new(weight) });
        self
    }

    /// Lets the training rows of a class count `weight` times in an output's loss; a class that
    /// is not named counts once. The output is a `Class<N>`, or a `bool` with the classes 0 and 1:
    /// another one does not compile. Keras's `class_weight`.
    ///
    /// Rows of a class of weight 0 teach preprocessing as little as those of
    /// [`sample_weight`](Trainer::sample_weight) 0; but the labels of an output with `categories` are
    /// learned of them as well, since only the labels tell which class a weight is for.
    #[must_use]
    pub fn class_weight(
        mut self,
        output: impl ClassOutput<M>,
        weights: impl IntoIterator<Item = (usize, f64)>,
    ) -> Self {
        let (index, weights) = (output.index(), weights.into_iter().collect());
        self.class_weights.push(ClassWeights { index, weights });
        self
    }
}
