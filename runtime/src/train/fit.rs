//! Training a typed model: converts model and rows to their untyped forms and calls the training
//! loop.

use std::marker::PhantomData;

use multi_input_base::Result;
use multi_input_data::Source;
use multi_input_kernel::Element;

use super::{
    sources::{SampleWeight, WeightedSamples},
    trained_by::TrainedBy,
    Trainer,
};
use crate::{
    callback::{AnyCallback, Callback, Untyped},
    cluster::together,
    compute::Compute,
    definition::{Definition, Network},
    fit::{LearningRateCurve, Setup, Weighting},
    history::History,
    model::Model,
};

impl<M, O, C: ?Sized> Trainer<M, O, C> {
    /// Trains `model` on `train` and returns the history. `keras.Model.fit`.
    ///
    /// Preprocessing is fitted on the training rows, except for inputs and targets that are already
    /// fitted, because weights trained on one scale do not fit another: by an earlier run, in a
    /// file, or in a model from which they were [taken](Model::take).
    /// [`refit`](Trainer::refit) fits one of them anew.
    ///
    /// After an error the model has the weights of the last step taken, or the best weights if a
    /// callback restores them. A [moving average](crate::train::MovingAverage) is written into the
    /// model only if training ends without an error. No branch stays frozen. If settings or rows
    /// are refused before the run begins, the model is unchanged, unless it has already loaded a
    /// [saved run](Trainer::resume).
    ///
    /// # Errors
    /// [`Error::Settings`](crate::Error::Settings) with every mistake in the settings,
    /// [`Error::Value`](crate::Error::Value) for a row the model does not accept,
    /// [`Error::NoLoss`](crate::Error::NoLoss) without an output that has a loss,
    /// [`Error::NoTargets`](crate::Error::NoTargets) without known targets,
    /// [`Error::NotFinite`](crate::Error::NotFinite) for a non-finite loss,
    /// [`Error::Gradient`](crate::Error::Gradient) for a non-finite gradient,
    /// [`Error::Statistics`](crate::Error::Statistics) for non-finite running statistics,
    /// [`Error::Weights`](crate::Error::Weights) for a step that makes weights non-finite,
    /// [`Error::CallbackLearningRate`](crate::Error::CallbackLearningRate) for a rate of a callback that
    /// is no number of at least 0,
    /// [`Error::Checkpoint`](crate::Error::Checkpoint) if a run cannot be resumed,
    /// [`Error::File`](crate::Error::File) if a callback cannot write.
    #[rustfmt::skip] // In one line, which rustc's message about a model of another definition quotes.
    #[doc(alias("train", "run", "fit_transform"))]
    pub fn fit<N, E, D, R>(self, model: &mut Model<N, E, D>, train: &[R]) -> Result<History> where (M, Model<N, E, D>): TrainedBy<M, N, R, C, Model<N, E, D>> {
        <(M, Model<N, E, D>)>::fit(self, model, train)
    }

    /// Runs a learning rate range test: trains with a rate that grows from 1e-7 to 10 and records
    /// the loss of every batch until it diverges. Afterwards the model is restored. Callbacks
    /// (except on gradients), validation and the number of epochs have no effect.
    ///
    /// Smith, "Cyclical Learning Rates for Training Neural Networks" (2017); `Tuner.lr_find` in
    /// Lightning.
    ///
    /// # Errors
    /// As [`fit`](Trainer::fit).
    #[rustfmt::skip]
    #[doc(alias = "lr_find")]
    pub fn find_learning_rate<N, E, D, R>(self, model: &mut Model<N, E, D>, train: &[R]) -> Result<LearningRateCurve> where (M, Model<N, E, D>): TrainedBy<M, N, R, C, Model<N, E, D>> {
        <(M, Model<N, E, D>)>::find_learning_rate(self, model, train)
    }
}

impl<'c, M: Definition, O, C: Callback<M> + ?Sized + 'c> Trainer<M, O, C> {
    /// Trains `model` on the rows of a source, such as a file, as [`fit`](Trainer::fit) does on
    /// rows in memory. Memory use does not grow with the size of the source.
    ///
    /// First the preprocessing is fitted, and rows and their weights are counted: in one pass over
    /// the source, one more for each step that learns from the output of another step, and one more
    /// if the class of a label has weight 0. If [refused rows are skipped](Source::on_bad_row),
    /// another pass counts the remaining rows; if it or a step refuses a row that other steps have
    /// learned from, all these passes are repeated once without that row. A row refused after that
    /// is skipped, though steps have learned from it. A validation source is read and preprocessed
    /// once. Then another thread reads, shuffles and preprocesses the rows, pass after pass, while
    /// the model trains; at most a few batches are prefetched. Rows are shuffled in a buffer, see
    /// [`shuffle_window`](Trainer::shuffle_window). Equal seeds give equal bits.
    ///
    /// Validation rows are passed with [`validation_data`](Trainer::validation_data), or streamed
    /// with [`validation_source`](Trainer::validation_source).
    ///
    /// ```no_run
    /// use multi_input::{data::{Csv, Source}, prelude::*};
    ///
    /// #[multi_input_model]
    /// struct House {
    ///     #[input(standardize)]
    ///     rooms: f32,
    ///     #[from(rooms)]
    ///     #[branch(Dense(1))]
    ///     #[output(loss = mse)]
    ///     price: f32,
    /// }
    ///
    /// let houses = Csv::new("houses.csv");
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// Trainer::new(Adam::new(1e-3))
    ///     .validation_source(Csv::new("houses.csv").into_part(0.9..1.0, Seed(7)))
    ///     .fit_from(&mut model, &houses.part(0.0..0.9, Seed(7)))?;
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Trainer::fit), and those of the source.
    #[doc(alias("fit_generator", "train_from"))]
    pub fn fit_from<E: Element, D: Compute<E>, S: Source<Row = M::Sample>>(
        self,
        model: &mut Model<M, E, D>,
        source: &S,
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        together(self.settings.cluster.clone().as_ref(), || {
            let (setup, by_row) = self.setup(&[]);
            let rows = WeightedSamples::<M, S> { source, by_row: &by_row };
            D::core().fit_from(setup, model.untyped_mut(), &rows)
        })
    }

    /// The untyped setup, with the sample weights of rows in memory, and the sample-weight
    /// functions for a source.
    pub(super) fn setup(self, rows: &[M::Sample]) -> (Setup<'c>, Vec<SampleWeight<M>>)
    where
        M: 'c,
    {
        let sample_weights = self.sample_weights.iter().map(|by_row| {
            // Called once per row, because a function may be slow.
            rows.iter().map(|row| f64::from(by_row.weight.weight(row))).collect()
        });
        let weighted = self.sample_weights.iter().map(|by_row| (by_row.index, by_row.output));
        let untyped = |callback| {
            Box::new(Untyped::<M, C>(callback, PhantomData)) as Box<dyn AnyCallback + 'c>
        };
        let setup = Setup {
            graph: &M::GRAPH,
            row: M::SAMPLE_ROW,
            optimizer: (self.boxed)(&self.optimizer),
            settings: self.settings.with_cluster(),
            validation: self.validation,
            progress: self.progress,
            weighting: Weighting {
                graph: &M::GRAPH,
                by_row: weighted.collect(),
                by_class: self.class_weights,
            },
            sample_weights: sample_weights.collect(),
            callbacks: self.callbacks.into_iter().map(untyped).collect(),
            left_out: self.left_out,
        };
        (setup, self.sample_weights)
    }
}
