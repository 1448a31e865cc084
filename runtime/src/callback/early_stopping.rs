//! `EarlyStopping`: stops training once a figure stops improving.

use std::marker::PhantomData;

use multi_input_base::Result;

use super::{
    callback_of_its_model,
    monitor::{delta_mistake, MonitoredFigure},
    AnyCallback, AnyTraining, Event, Flow, Memory, MonitorOf, RunPlan,
};
use crate::{short::Short, untyped::Snapshot};

/// Stops after `patience` epochs without an improvement by more than `min_delta`. Epochs that were
/// not validated have no figure and do not count.
///
/// `keras.callbacks.EarlyStopping(monitor, min_delta, patience, restore_best_weights)`, except that
/// NaN is never the best value: after a NaN in the first epoch Keras never sees an improvement.
///
/// ```
/// use multi_input::prelude::*;
/// # #[multi_input_model]
/// # struct House {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse, metrics(mae))]
/// #     price: f32,
/// # }
///
/// let callback = EarlyStopping::on(Monitor::val(House::price, metric::Mae)).patience(5).restore_best();
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping<M> {
    untyped: Stopping,
    model: PhantomData<fn() -> M>,
}

callback_of_its_model!(EarlyStopping);

/// [`EarlyStopping`] without the type of the model.
#[derive(Clone, Debug)]
struct Stopping {
    monitor: MonitoredFigure,
    patience: usize,
    min_delta: f64,
    restore: Restore,
    best: f64,
    waited: usize,
}

/// The weights at the end of training.
#[derive(Clone, Debug)]
enum Restore {
    /// The weights of the last epoch.
    Last,
    /// The weights of the best epoch; `None` before the first epoch.
    Best(Option<Snapshot>),
}

impl<M> EarlyStopping<M> {
    /// Stops at the first epoch without improvement, with the last weights.
    #[doc(alias("new", "monitor"))]
    pub fn on(monitor: impl MonitorOf<M>) -> EarlyStopping<M> {
        let monitor = monitor.monitor().monitored;
        let best = monitor.worst();
        let (patience, min_delta, restore) = (0, 0.0, Restore::Last);
        let untyped = Stopping { monitor, patience, min_delta, restore, best, waited: 0 };
        EarlyStopping { untyped, model: PhantomData }
    }

    /// The number of epochs without improvement before stopping.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.untyped.patience = epochs;
        self
    }

    /// The minimum change that counts as an improvement, in the unit of the figure.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.untyped.min_delta = min_delta;
        self
    }

    /// Restores the weights of the best epoch at the end, even if training was not stopped early.
    #[must_use]
    #[doc(alias = "restore_best_weights")]
    pub fn restore_best(mut self) -> Self {
        self.untyped.restore = Restore::Best(None);
        self
    }
}

impl Stopping {
    /// The reason for stopping at the value `current`.
    fn reason(&self, current: f64) -> String {
        let (name, waited) = (self.monitor.name(), self.waited);
        match self.best.is_finite() {
            true => format!(
                "EarlyStopping: `{name}` has not improved on {} for {waited} epochs; now it is {}",
                Short(self.best),
                Short(current)
            ),
            false => format!("EarlyStopping: `{name}` has been no number for {waited} epochs"),
        }
    }
}

impl AnyCallback for Stopping {
    fn name(&self) -> &'static str {
        "EarlyStopping"
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let mut mistakes = self.monitor.mistakes(run);
        mistakes.extend(delta_mistake(self.min_delta));
        mistakes
    }

    fn settings(&self) -> String {
        let Stopping { monitor, patience, min_delta, restore, .. } = self;
        let ends = match restore {
            Restore::Last => "last",
            Restore::Best(_) => "best",
        };
        format!("{monitor}, patience {patience}, min_delta {min_delta}, the {ends} weights")
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::EpochEnded { epoch, figures } => {
                let Some(current) = self.monitor.value(figures) else { return Ok(Flow::Continue) };
                let follows = "a NaN is never an improvement, so training stops after `patience` \
                               epochs of it";
                self.monitor.notice_nan(current, "EarlyStopping", follows, training);
                let improved = self.monitor.improves(current, self.best, self.min_delta);
                if let Restore::Best(best_weights) = &mut self.restore {
                    if improved || best_weights.is_none() {
                        *best_weights = Some(training.snapshot()?);
                    }
                }
                if improved {
                    (self.best, self.waited) = (current, 0);
                    return Ok(Flow::Continue);
                }
                self.waited += 1;
                // Keras never stops at the first epoch, which cannot improve on an earlier one.
                if self.waited < self.patience || *epoch == 0 {
                    return Ok(Flow::Continue);
                }
                training.explain_end(self.reason(current));
                Ok(Flow::Stop)
            }
            Event::Ended => {
                if let Restore::Best(Some(best)) = &self.restore {
                    training.restore(best)?;
                }
                Ok(Flow::Continue)
            }
            _ => Ok(Flow::Continue),
        }
    }

    fn remember(&self, memory: &mut Memory) {
        memory.put("best", self.best);
        memory.put("waited", self.waited as f64);
        if let Restore::Best(Some(best)) = &self.restore {
            memory.put_snapshot("weights", best);
        }
    }

    fn recall(&mut self, memory: &Memory) {
        self.best = memory.get("best").unwrap_or(self.best);
        self.waited = memory.count("waited");
        if let Restore::Best(best_weights) = &mut self.restore {
            *best_weights = memory.snapshot("weights");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{tests::Script, Monitor},
        *,
    };

    fn watch() -> EarlyStopping<super::super::tests::Toy> {
        EarlyStopping::on(Monitor::val_loss())
    }

    /// The epoch at which training stops, and the epoch whose weights the model has at the end.
    fn run(callback: EarlyStopping<super::super::tests::Toy>, losses: &[f64]) -> (usize, f64) {
        let mut script = Script::default();
        let last = script.run(callback, losses);
        (last, script.weights)
    }

    #[test]
    fn it_stops_where_keras_stops() {
        let losses = [1.0, 0.8, 0.9, 0.85, 0.7, 0.75, 0.76, 0.77, 0.78];
        assert_eq!(run(watch(), &losses), (2, 2.0));
        assert_eq!(run(watch().patience(2), &losses), (3, 3.0));
        assert_eq!(run(watch().patience(3), &losses), (7, 7.0));
        assert_eq!(run(watch().patience(3).restore_best(), &losses), (7, 4.0));
        assert_eq!(run(watch().patience(9).restore_best(), &losses), (8, 4.0));
        assert_eq!(run(watch().patience(2).min_delta(0.5), &losses), (2, 2.0));
    }

    #[test]
    fn a_loss_that_is_not_a_number_is_no_improvement() {
        let losses = [f64::NAN, f64::NAN, 0.5];
        assert_eq!(run(watch().patience(2).restore_best(), &losses), (1, 0.0));
        assert_eq!(run(watch().patience(3).restore_best(), &losses), (2, 2.0));
    }

    #[test]
    fn it_says_why_it_stops_and_when_its_figure_is_nan() {
        let mut script = Script::default();
        script.run(watch().patience(2), &[1.0, 0.5, 0.75, 0.75]);
        assert_eq!(
            script.history.end_reason.as_deref(),
            Some(
                "EarlyStopping: `val_loss` has not improved on 0.5000 for 2 epochs; now it is 0.7500"
            )
        );
        assert!(script.history.notices.is_empty());

        let mut script = Script::default();
        script.run(watch().patience(2), &[f64::NAN, f64::NAN]);
        assert_eq!(
            script.history.end_reason.as_deref(),
            Some("EarlyStopping: `val_loss` has been no number for 2 epochs")
        );
        let notices: Vec<String> =
            script.history.notices.iter().map(|notice| notice.to_string()).collect();
        assert_eq!(
            notices,
            ["EarlyStopping: `val_loss` is NaN after epoch 1: a NaN is never an improvement, so \
              training stops after `patience` epochs of it"]
        );
    }

    #[test]
    fn what_it_remembers_is_all_it_needs() {
        let losses = [1.0, 0.8, 0.9, 0.7, 0.75, 0.76, 0.77];
        let whole = run(watch().patience(3).restore_best(), &losses);
        for cut in 1..losses.len() {
            let mut script = Script::default();
            let mut first = watch().patience(3).restore_best();
            script.run_epochs(&mut first, &losses[..cut], 0);
            let mut memory = Memory::default();
            first.untyped.remember(&mut memory);
            let mut second = watch().patience(3).restore_best();
            second.untyped.recall(&memory);
            let last = script.run_epochs(&mut second, &losses[cut..], cut);
            script.end(&mut second);
            assert_eq!((last, script.weights), whole, "{cut}");
        }
    }
}
