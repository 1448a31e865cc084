//! The figure that a callback watches.

use std::{fmt, marker::PhantomData};

use multi_input_base::{Notice, NoticeKind};

use super::{AnyTraining, RunPlan, Validation};
use crate::{
    definition::{Definition, OutputOf},
    history::{Figure, Figures, Phase},
    metric::{Direction, ReportedBy},
};

/// One figure of every epoch of the model `M`, with the way it gets better.
///
/// ```
/// use multi_input::prelude::*;
///
/// #[multi_input_model]
/// struct House {
///     #[input]
///     rooms: f32,
///     #[from(rooms)]
///     #[branch(Dense(1))]
///     #[output(loss = mse, metrics(mae))]
///     price: f32,
/// }
///
/// let monitor = Monitor::val(House::price, metric::Mae);
/// ```
///
/// A metric that the output does not report does not compile, "output 0 of `House` does not report
/// the metric `R2`", and neither does a monitor of another model in a trainer's callback:
///
/// ```compile_fail,E0277
/// # use multi_input::prelude::*;
/// # #[multi_input_model]
/// # struct House {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse, metrics(mae))]
/// #     price: f32,
/// # }
/// let monitor = Monitor::val(House::price, metric::R2);
/// ```
///
/// ```compile_fail,E0277
/// # use multi_input::prelude::*;
/// # #[multi_input_model]
/// # struct House {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse)]
/// #     price: f32,
/// # }
/// # #[multi_input_model]
/// # struct Flat {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse)]
/// #     rent: f32,
/// # }
/// let monitor: Monitor<Flat> = Monitor::val_loss();
/// let trainer = Trainer::<House, _>::new(Adam::new(1e-3)).callback(EarlyStopping::on(monitor));
/// ```
pub struct Monitor<M> {
    pub(super) watched: Watched,
    model: PhantomData<fn() -> M>,
}

/// A figure that is watched, of whatever model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Watched {
    figure: Figure,
    direction: Direction,
}

impl<M: Definition> Monitor<M> {
    /// The total loss on the validation rows.
    pub fn val_loss() -> Monitor<M> {
        Monitor::new(Phase::Validation, None, "loss", Direction::Lower)
    }

    /// The total loss on the training rows.
    pub fn loss() -> Monitor<M> {
        Monitor::new(Phase::Training, None, "loss", Direction::Lower)
    }

    /// A metric of an output on the validation rows.
    pub fn val<const OUTPUT: usize>(
        output: OutputOf<M, OUTPUT>,
        metric: impl ReportedBy<M, OUTPUT>,
    ) -> Monitor<M> {
        let (output, direction) = (Some(output.name()), metric.direction());
        Monitor::new(Phase::Validation, output, metric.name(), direction)
    }

    /// A metric of an output on the training rows.
    pub fn train<const OUTPUT: usize>(
        output: OutputOf<M, OUTPUT>,
        metric: impl ReportedBy<M, OUTPUT>,
    ) -> Monitor<M> {
        let (output, direction) = (Some(output.name()), metric.direction());
        Monitor::new(Phase::Training, output, metric.name(), direction)
    }

    fn new(phase: Phase, output: Option<&str>, quantity: &str, direction: Direction) -> Monitor<M> {
        let (output, quantity) = (output.map(str::to_owned), quantity.to_owned());
        let figure = Figure { phase, output, quantity };
        Monitor { watched: Watched { figure, direction }, model: PhantomData }
    }
}

impl Watched {
    /// What is wrong with watching this figure.
    pub(crate) fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let unseen =
            self.figure.phase == Phase::Validation && run.validation == Validation::Missing;
        let mistake = "a callback watches a validation figure, but there are no validation rows: \
                       call `validation_split` or `validation_data`";
        unseen.then(|| mistake.to_owned()).into_iter().collect()
    }

    /// The figure of an epoch; `None` where the epoch was not validated.
    pub(crate) fn value(&self, figures: &Figures) -> Option<f64> {
        figures.find(&self.figure)
    }

    /// The figure with Keras's name: `val_loss`, and `val_price_mae` for a metric of an output.
    pub(crate) fn name(&self) -> String {
        let phase = if self.figure.phase == Phase::Validation { "val_" } else { "" };
        match &self.figure.output {
            Some(output) => format!("{phase}{output}_{}", self.figure.quantity),
            None => format!("{phase}{}", self.figure.quantity),
        }
    }

    /// Says, the first time that this happens, that `by` monitors a figure that is NaN; what
    /// `follows` from it is said with it.
    pub(super) fn notice_nan(
        &self,
        current: f64,
        by: &str,
        follows: &str,
        training: &mut dyn AnyTraining,
    ) {
        let of_this = |notice: &Notice| {
            notice.kind == NoticeKind::NanMonitor && notice.by.as_deref() == Some(by)
        };
        if !current.is_nan() || training.history().notices.iter().any(of_this) {
            return;
        }
        let epoch = training.position().epoch;
        let message = format!("`{}` is NaN after epoch {epoch}: {follows}", self.name());
        training.notice(Notice::new(NoticeKind::NanMonitor, message).by(by));
    }

    /// Whether `current` is better than `best` by more than `min_delta`.
    pub(crate) fn improves(&self, current: f64, best: f64, min_delta: f64) -> bool {
        match self.direction {
            // As Keras adds it up, so that rounding decides alike.
            Direction::Lower => current + min_delta < best,
            Direction::Higher => current - min_delta > best,
        }
    }

    /// What every figure is better than.
    pub(crate) fn worst(&self) -> f64 {
        match self.direction {
            Direction::Lower => f64::INFINITY,
            Direction::Higher => f64::NEG_INFINITY,
        }
    }
}

// By hand, because the derives would ask the same of `M`.
impl<M> Clone for Monitor<M> {
    fn clone(&self) -> Self {
        Monitor { watched: self.watched.clone(), model: PhantomData }
    }
}

impl<M> PartialEq for Monitor<M> {
    fn eq(&self, other: &Self) -> bool {
        self.watched == other.watched
    }
}

impl<M> fmt::Debug for Monitor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Watched { figure, direction } = &self.watched;
        f.debug_struct("Monitor").field("figure", figure).field("direction", direction).finish()
    }
}

impl<M> fmt::Display for Monitor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.fmt(f)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { phase, output, quantity } = &self.figure;
        let output = output.iter().map(|output| format!(" of `{output}`")).collect::<String>();
        let rows = match phase {
            Phase::Training => "training",
            Phase::Validation => "validation",
        };
        let direction = match self.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
        };
        write!(f, "`{quantity}`{output} on the {rows} rows, the {direction} the better")
    }
}

/// Complains where a `min_delta` is no distance.
pub(super) fn delta_mistake(min_delta: f64) -> Option<String> {
    let sound = min_delta >= 0.0 && min_delta.is_finite();
    (!sound).then(|| format!("`min_delta` must be a number of at least 0, but is {min_delta}"))
}
