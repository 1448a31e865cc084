//! The figure that a callback monitors.

use std::{fmt, marker::PhantomData};

use multi_input_base::{Notice, NoticeKind};

use super::{AnyTraining, RunPlan, Validation};
use crate::{
    definition::{Output, OutputOf},
    history::{Figure, Figures, Phase},
    metric::{AnyMetric, Direction, Metric, ReportedIn, Reports},
};

/// A figure of every epoch of the model `M`, and the direction in which it improves.
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
/// A metric that the output does not report is a compile error, "`R2` is not among
/// `metrics_of_price`", and so is a monitor of another model in a trainer's callback:
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
    pub(super) monitored: MonitoredFigure,
    model: PhantomData<fn() -> M>,
}

/// A monitored figure without the type of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitoredFigure {
    figure: Figure,
    direction: Direction,
}

impl<M> Monitor<M> {
    /// The total loss on the validation rows.
    #[doc(alias = "new")]
    pub fn val_loss() -> Monitor<M> {
        Monitor::new(MonitoredFigure::new(Phase::Validation, None, "loss", Direction::Lower))
    }

    /// The total loss on the training rows.
    pub fn loss() -> Monitor<M> {
        Monitor::new(MonitoredFigure::new(Phase::Training, None, "loss", Direction::Lower))
    }

    /// A metric of an output on the validation rows.
    #[rustfmt::skip] // In one line, which rustc's message about another metric quotes.
    #[doc(alias("val_metric", "metric"))]
    pub fn val<const OUTPUT: usize, T>(output: OutputOf<M, OUTPUT>, metric: T) -> Monitor<M> where M: Reports<OUTPUT>, (T, M::Metrics): Listed<T, M::Metrics> {
        Monitor::new(<(T, M::Metrics) as Listed<T, M::Metrics>>::monitored(Phase::Validation, output.name(), &metric))
    }

    /// A metric of an output on the training rows.
    #[rustfmt::skip]
    pub fn train<const OUTPUT: usize, T>(output: OutputOf<M, OUTPUT>, metric: T) -> Monitor<M> where M: Reports<OUTPUT>, (T, M::Metrics): Listed<T, M::Metrics> {
        Monitor::new(<(T, M::Metrics) as Listed<T, M::Metrics>>::monitored(Phase::Training, output.name(), &metric))
    }

    /// The metric of one label, from 0, of an output `[bool; N]`, instead of the mean over its
    /// labels: `Monitor::val(Post::tags, metric::F1).of_label(2)`. A run with a label that the
    /// output does not have is refused.
    #[must_use]
    pub fn of_label(mut self, label: usize) -> Monitor<M> {
        self.monitored.figure.label = Some(label);
        self
    }

    fn new(monitored: MonitoredFigure) -> Monitor<M> {
        Monitor { monitored, model: PhantomData }
    }
}

/// What `EarlyStopping::on` and others take: a [`Monitor`] of the model `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no monitor of the model",
    label = "write `Monitor::val_loss()`, or `Monitor::val(House::price, metric::Mae)` for a metric of an output"
)]
pub trait MonitorOf<M> {
    /// The monitor.
    fn monitor(self) -> Monitor<M>;
}

#[diagnostic::do_not_recommend]
impl<M, T: Into<Monitor<M>>> MonitorOf<M> for T {
    fn monitor(self) -> Monitor<M> {
        self.into()
    }
}

/// A metric of the type `T` and the list `Metrics` of an output, as a pair: the metric is in the list.
#[diagnostic::on_unimplemented(
    message = "`{T}` is not among `{Metrics}`",
    label = "add it to the `metrics(...)` of the output, or watch one that is there, such as `metric::Mae`"
)]
pub trait Listed<T, Metrics> {
    #[doc(hidden)]
    fn monitored(phase: Phase, output: &'static str, metric: &T) -> MonitoredFigure;
}

#[diagnostic::do_not_recommend]
impl<T: ReportedIn<Metrics> + Metric, Metrics> Listed<T, Metrics> for (T, Metrics) {
    fn monitored(phase: Phase, output: &'static str, metric: &T) -> MonitoredFigure {
        MonitoredFigure::new(phase, Some(output), &metric.name(), metric.direction())
    }
}

impl MonitoredFigure {
    fn new(phase: Phase, output: Option<&str>, quantity: &str, direction: Direction) -> Self {
        let (output, quantity) = (output.map(str::to_owned), quantity.to_owned());
        MonitoredFigure { figure: Figure { phase, output, quantity, label: None }, direction }
    }

    /// Mistakes in monitoring this figure.
    pub(crate) fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let is_missing =
            self.figure.phase == Phase::Validation && run.validation == Validation::Missing;
        let mistake = "a callback watches a validation figure, but there are no validation rows: \
                       call `validation_split` or `validation_data`";
        let missing = is_missing.then(|| mistake.to_owned());
        let of_figure = self.parameter_mistake(run).or_else(|| self.label_mistake(run));
        missing.into_iter().chain(of_figure).collect()
    }

    /// The monitored output; `None` for the total loss.
    fn output<'a>(&self, run: &'a RunPlan) -> Option<&'a Output> {
        let name = self.figure.output.as_deref()?;
        run.graph.outputs.iter().find(|output| output.name == name)
    }

    /// The mistake of monitoring a metric with other parameters than those of the output: the type
    /// is the same, the figure another.
    fn parameter_mistake(&self, run: &RunPlan) -> Option<String> {
        let output = self.output(run)?;
        if self.metric(output).is_some() {
            return None;
        }
        let reported: Vec<String> =
            output.metrics.iter().map(|metric| format!("`{}`", metric.name())).collect();
        Some(format!(
            "a callback watches `{}` of output `{}`, which reports {}",
            self.figure.quantity,
            output.name,
            reported.join(", ")
        ))
    }

    /// The mistake of monitoring a label that the output does not have.
    fn label_mistake(&self, run: &RunPlan) -> Option<String> {
        let label = self.figure.label?;
        let name = self.figure.output.as_deref();
        let output = self.output(run);
        let labels = output.map_or(0, Output::label_count);
        if let Some((output, metric)) =
            output.and_then(|output| Some((output, self.metric(output)?)))
        {
            if labels > 0 && output.figures_by_label(metric) == 0 {
                return Some(format!(
                    "a callback watches label {label} of `{}` of output `{}`, which is one figure of \
                     all labels",
                    self.figure.quantity, output.name
                ));
            }
        }
        match (name, labels) {
            (None, _) => Some(format!(
                "a callback watches label {label} of the total loss: name a metric of an output \
                 `[bool; N]`"
            )),
            (Some(name), 0) => Some(format!(
                "a callback watches label {label} of output `{name}`, which has no labels: its type \
                 is not `[bool; N]`"
            )),
            (Some(name), labels) => (label >= labels).then(|| {
                format!(
                    "a callback watches label {label} of output `{name}`, whose labels are 0 to {}",
                    labels - 1
                )
            }),
        }
    }

    fn metric<'a>(&self, output: &'a Output) -> Option<&'a dyn AnyMetric> {
        output.metrics.iter().copied().find(|metric| metric.name() == self.figure.quantity)
    }

    /// The figure of an epoch; `None` if the epoch was not validated.
    pub(crate) fn value(&self, figures: &Figures) -> Option<f64> {
        figures.find(&self.figure)
    }

    /// The figure under Keras's name: `val_loss`, and `val_price_mae` for a metric of an output.
    pub(crate) fn name(&self) -> String {
        let phase = if self.figure.phase == Phase::Validation { "val_" } else { "" };
        match &self.figure.output {
            Some(output) => format!("{phase}{output}_{}", self.figure.name()),
            None => format!("{phase}{}", self.figure.name()),
        }
    }

    /// Adds a notice, the first time, that `by` monitors a figure that is NaN; `follows` describes
    /// the consequence.
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
            // Computed as in Keras, so that rounding is equal.
            Direction::Lower => current + min_delta < best,
            Direction::Higher => current - min_delta > best,
        }
    }

    /// The value that every figure is better than.
    pub(crate) fn worst(&self) -> f64 {
        match self.direction {
            Direction::Lower => f64::INFINITY,
            Direction::Higher => f64::NEG_INFINITY,
        }
    }
}

// Implemented by hand, because derives would add bounds on `M`.
impl<M> Clone for Monitor<M> {
    fn clone(&self) -> Self {
        Monitor { monitored: self.monitored.clone(), model: PhantomData }
    }
}

impl<M> PartialEq for Monitor<M> {
    fn eq(&self, other: &Self) -> bool {
        self.monitored == other.monitored
    }
}

impl<M> fmt::Debug for Monitor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MonitoredFigure { figure, direction } = &self.monitored;
        f.debug_struct("Monitor").field("figure", figure).field("direction", direction).finish()
    }
}

impl<M> fmt::Display for Monitor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.monitored.fmt(f)
    }
}

impl fmt::Display for MonitoredFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { phase, output, quantity, label } = &self.figure;
        let label = label.map_or(String::new(), |label| format!(" of label {label}"));
        let output = output.iter().map(|output| format!(" of `{output}`")).collect::<String>();
        let rows = match phase {
            Phase::Training => "training",
            Phase::Validation => "validation",
        };
        let direction = match self.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
        };
        write!(f, "`{quantity}`{label}{output} on the {rows} rows, the {direction} the better")
    }
}

/// The mistake of a negative or non-finite `min_delta`.
pub(super) fn delta_mistake(min_delta: f64) -> Option<String> {
    let sound = min_delta >= 0.0 && min_delta.is_finite();
    (!sound).then(|| format!("`min_delta` must be a number of at least 0, but is {min_delta}"))
}
