//! From a typed model and its rows to the loop, which knows neither type.

use multi_input_base::Result;
use multi_input_data::Source;
use multi_input_kernel::Element;
use multi_input_nn::optim::Optimizer;

use super::{
    sources::{SampleWeight, WeighedSamples},
    Trainer,
};
use crate::{
    callback::{AnyCallback, Untyped},
    compute::Compute,
    definition::{Definition, Network},
    fit::{LearningRateCurve, Setup, Weighing},
    history::History,
    model::Model,
    objective::encode,
};

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Trains `model` on `train` and says how it went.
    ///
    /// Preprocessing is fitted on the rows that train, unless the model has been fitted before:
    /// weights that were trained on one scale are no use on another.
    ///
    /// After an error the model has the weights of the last step that was taken, or the best ones
    /// where a callback restores them; a [moving average](crate::train::MovingAverage) takes their place only where training ends
    /// without one. Nothing stays frozen. Where settings or rows are refused before the run begins, the
    /// model is as it was, and fitted only if it was, unless it has taken up a
    /// [saved run](Trainer::resume).
    ///
    /// # Errors
    /// [`Error::Settings`](crate::Error::Settings) with every mistake in the settings, [`Error::Value`](crate::Error::Value) for a row the
    /// model cannot take, [`Error::NoTargets`](crate::Error::NoTargets) where no row knows a target, [`Error::NotFinite`](crate::Error::NotFinite) where the loss is no longer a number and
    /// [`Error::Gradient`](crate::Error::Gradient) where a gradient is not, [`Error::Checkpoint`](crate::Error::Checkpoint) where a run cannot go on,
    /// [`Error::File`](crate::Error::File) where a callback cannot write.
    pub fn fit<E: Element, D: Compute<E>>(
        self,
        model: &mut Model<M, E, D>,
        train: &[M::Sample],
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        let (setup, _) = self.setup(train);
        let checked = setup.checked(train.len())?;
        let raw = encode::<M>(train, "train on")?;
        D::core().fit(checked, model.untyped_mut(), raw)
    }

    /// Trains `model` on the rows of a source, a file for instance, as [`fit`](Trainer::fit) does on
    /// rows in memory. Memory does not grow with the source.
    ///
    /// First the preprocessing is fitted, and rows and their weights are counted: one pass over the
    /// source, one more for each step that learns from what another one has learned, and one more
    /// where a label's class has the weight 0. Where rows that the model refuses are
    /// [left out](Source::on_bad_row), another pass counts the rows that are left; and if it, or a
    /// step, refuses a row that others have learned from, all of these passes are made once more
    /// without that row. What is refused then is left out, though steps have learned from it. A
    /// source to validate with is read and preprocessed once. Then a thread of its own
    /// reads, mixes and preprocesses the rows, pass after pass, while the model trains; a few batches
    /// wait at most. Rows are mixed within a window, see
    /// [`shuffle_window`](Trainer::shuffle_window). The same seed gives the same bits.
    ///
    /// Rows to validate with are handed over with [`validation_data`](Trainer::validation_data), or
    /// stream too, with [`validation_source`](Trainer::validation_source).
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
    pub fn fit_from<E: Element, D: Compute<E>, S: Source<Row = M::Sample>>(
        self,
        model: &mut Model<M, E, D>,
        source: &S,
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        let (setup, by_row) = self.setup(&[]);
        let rows = WeighedSamples::<M, S> { source, by_row: &by_row };
        D::core().fit_from(setup, model.untyped_mut(), &rows)
    }

    /// Trains for a while with a rate that grows from 1e-7 to 10, and notes the loss of every batch
    /// until it explodes. The model is as it was afterwards. Callbacks, validation and the number of
    /// epochs play no part.
    ///
    /// Smith, "Cyclical Learning Rates for Training Neural Networks" (2017); `Tuner.lr_find` in
    /// Lightning.
    ///
    /// # Errors
    /// As [`fit`](Trainer::fit).
    pub fn find_learning_rate<E: Element, D: Compute<E>>(
        self,
        model: &mut Model<M, E, D>,
        train: &[M::Sample],
    ) -> Result<LearningRateCurve>
    where
        M: Network<E, D>,
    {
        let (setup, _) = self.setup(train);
        let checked = setup.finding_a_rate().checked(train.len())?;
        let raw = encode::<M>(train, "train on")?;
        D::core().find_learning_rate(checked, model.untyped_mut(), raw)
    }

    /// The same without the types, for rows in memory; of those of a source there are none.
    fn setup(self, rows: &[M::Sample]) -> (Setup, Vec<SampleWeight<M>>) {
        let answers = self.sample_weights.iter().map(|by_row| {
            // Asked once: a function may take long.
            rows.iter().map(|row| f64::from((by_row.weight)(row))).collect()
        });
        let weighed = self.sample_weights.iter().map(|by_row| (by_row.index, by_row.output));
        let untyped = |callback| Box::new(Untyped(callback)) as Box<dyn AnyCallback>;
        let setup = Setup {
            graph: &M::GRAPH,
            row: M::SAMPLE_ROW,
            optimizer: self.optimizer.boxed(),
            settings: self.settings,
            validation: self.validation,
            progress: self.progress,
            weighing: Weighing {
                graph: &M::GRAPH,
                by_row: weighed.collect(),
                by_class: self.class_weights,
            },
            answers: answers.collect(),
            callbacks: self.callbacks.into_iter().map(untyped).collect(),
            left_out: self.left_out,
        };
        (setup, self.sample_weights)
    }
}
