//! How a model is trained: the settings, and the check of all of them before anything runs.

use super::{
    row_weights::{class_mistakes, of_classes},
    OutputOf, Progress, RowWeights,
};
use crate::{
    callback::{Callback, RunPlan, Validation},
    data::Table,
    definition::{Definition, Output},
    optim::Optimizer,
    seed::Seed,
    Error, Result,
};

/// Trains a model, with the semantics of `keras.Model.fit`.
///
/// Batches of 32 (the last one may be smaller), a fresh order of the rows in every epoch, no
/// validation and one epoch, unless told otherwise.
pub struct Trainer<M: Definition, O> {
    pub(super) optimizer: O,
    pub(super) epochs: usize,
    pub(super) batch_size: usize,
    pub(super) validation: ValidationRows,
    pub(super) seed: Seed,
    pub(super) shuffle: Shuffle,
    pub(super) progress: Progress,
    pub(super) callbacks: Vec<Box<dyn Callback>>,
    sample_weights: Vec<(OutputOf<M>, Box<dyn Fn(&M::Sample) -> f32>)>,
    class_weights: Vec<(OutputOf<M>, Vec<(usize, f64)>)>,
}

/// In which order the training rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// A fresh order in every epoch, which depends on seed and epoch only.
    EachEpoch,
    /// The order they were handed over in.
    Never,
}

/// The rows to validate with.
pub(super) enum ValidationRows {
    /// None.
    None,
    /// The last part of the training rows.
    Split(f64),
    /// Rows of their own, or what is wrong with them.
    Rows(Result<Table>),
}

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// A trainer with Keras's defaults.
    pub fn new(optimizer: O) -> Trainer<M, O> {
        Trainer {
            optimizer,
            epochs: 1,
            batch_size: 32,
            validation: ValidationRows::None,
            seed: Seed(0),
            shuffle: Shuffle::EachEpoch,
            progress: Progress::Auto,
            callbacks: Vec::new(),
            sample_weights: Vec::new(),
            class_weights: Vec::new(),
        }
    }

    /// How often every training row is used.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How many rows make a step.
    #[must_use]
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.batch_size = rows;
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

    /// Where shuffling and dropout start.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// In which order the rows are taken.
    #[must_use]
    pub fn shuffle(mut self, shuffle: Shuffle) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether training shows how it goes.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Tells `callback` how training goes. Callbacks are told in the order they were added.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback + 'static) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Lets every row count `weight(row)` times in an output's loss: sum(weight * loss) / rows.
    /// Keras's `sample_weight`.
    #[must_use]
    pub fn sample_weight(
        mut self,
        output: OutputOf<M>,
        weight: impl Fn(&M::Sample) -> f32 + 'static,
    ) -> Self {
        self.sample_weights.push((output, Box::new(weight)));
        self
    }

    /// Lets the training rows of a class count `weight` times in an output's loss; a class that
    /// is not named counts once. Keras's `class_weight`.
    #[must_use]
    pub fn class_weight(
        mut self,
        output: OutputOf<M>,
        weights: impl IntoIterator<Item = (usize, f64)>,
    ) -> Self {
        self.class_weights.push((output, weights.into_iter().collect()));
        self
    }

    /// The number of rows that train, and what they and the rest weigh.
    ///
    /// # Errors
    /// [`Error::Settings`] with everything that is wrong.
    pub(super) fn check(&self, rows: &[M::Sample]) -> Result<usize> {
        let mut mistakes = self.optimizer.mistakes();
        if self.epochs == 0 {
            mistakes.push("`epochs` must be at least 1".to_owned());
        }
        if self.batch_size == 0 {
            mistakes.push("`batch_size` must be at least 1".to_owned());
        }
        let training = self.cut(rows.len(), &mut mistakes);
        let given = !matches!(self.validation, ValidationRows::None);
        let validation = if given { Validation::Given } else { Validation::Missing };
        let run = RunPlan { graph: &M::GRAPH, validation };
        mistakes.extend(self.callbacks.iter().flat_map(|callback| callback.mistakes(&run)));
        mistakes.extend(M::GRAPH.outputs.iter().filter_map(output_mistake));
        self.check_weights(rows, &mut mistakes);
        if mistakes.is_empty() {
            Ok(training)
        } else {
            Err(Error::Settings(mistakes))
        }
    }

    /// How many of the rows train.
    fn cut(&self, rows: usize, mistakes: &mut Vec<String>) -> usize {
        let ValidationRows::Split(fraction) = self.validation else { return rows };
        if !(fraction > 0.0 && fraction < 1.0) {
            mistakes
                .push(format!("`validation_split` must be above 0 and below 1, but is {fraction}"));
            return rows;
        }
        let training = (rows as f64 * (1.0 - fraction)).floor() as usize;
        if training == 0 || training == rows {
            mistakes.push(format!(
                "`validation_split({fraction})` of {rows} rows leaves {training} to train on and \
                 {} to validate with",
                rows - training
            ));
        }
        training
    }

    fn check_weights(&self, rows: &[M::Sample], mistakes: &mut Vec<String>) {
        for (output, weight) in &self.sample_weights {
            let weights = rows.iter().map(weight).enumerate();
            let wrong = |(_, weight): &(usize, f32)| !(*weight >= 0.0 && weight.is_finite());
            if let Some((row, weight)) = weights.into_iter().find(wrong) {
                mistakes.push(format!(
                    "the sample weight of row {row} for {output:?} must be a number of at least \
                     0, but is {weight}"
                ));
            }
        }
        for (output, weights) in &self.class_weights {
            match M::GRAPH.outputs.get(output.index()) {
                Some(found) => mistakes.extend(class_mistakes(found, weights)),
                None => mistakes.push(format!("{output:?} does not exist")),
            }
        }
    }

    /// What the rows weigh in training, and in validation, where classes do not matter.
    pub(super) fn weigh(&self, rows: &[M::Sample], table: &Table) -> (RowWeights, RowWeights) {
        let mut validation = RowWeights::default();
        for (output, weight) in &self.sample_weights {
            let weights = rows.iter().map(|row| f64::from(weight(row)));
            validation.scale(output.index(), weights);
        }
        let mut training = validation.clone();
        for (output, weights) in &self.class_weights {
            if let Some(column) = table.columns.get(M::GRAPH.inputs.len() + output.index()) {
                training.scale(output.index(), of_classes(column, weights));
            }
        }
        (training, validation)
    }
}

/// What is wrong with an output's weight, which a constant may give: the macro has seen literals.
fn output_mistake(output: &Output) -> Option<String> {
    let Output { name, weight, .. } = output;
    let sound = *weight >= 0.0 && weight.is_finite();
    (!sound).then(|| {
        format!("the weight of output `{name}` must be a number of at least 0, but is {weight}")
    })
}

/// Rows as a table of raw values.
pub(crate) fn encode<M: Definition>(rows: &[M::Sample], purpose: &'static str) -> Result<Table> {
    if rows.is_empty() {
        return Err(Error::NoRows(purpose));
    }
    let mut table = Table::of_samples(&M::GRAPH);
    for row in rows {
        table.push(|writer| M::write_sample(row, writer))?;
    }
    Ok(table)
}
