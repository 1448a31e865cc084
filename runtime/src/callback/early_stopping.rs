//! `EarlyStopping`: ends training once a figure has stopped improving.

use super::{Callback, Event, Flow, Monitor, RunPlan, Snapshot};
use crate::Result;

/// Stops after `patience` epochs without an improvement by more than `min_delta`.
///
/// `keras.callbacks.EarlyStopping(monitor, min_delta, patience, restore_best_weights)`, but that a
/// NaN is never the best: after a NaN in the first epoch Keras sees no improvement any more.
///
/// ```
/// use multi_input::prelude::*;
///
/// let callback = EarlyStopping::on(Monitor::val_loss()).patience(5).restore_best();
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    min_delta: f64,
    restore: Restore,
    best: f64,
    waited: usize,
}

/// Which weights the model ends with.
#[derive(Clone, Debug)]
enum Restore {
    /// Those of the last epoch.
    Last,
    /// Those of the best epoch, kept here; `None` before the first.
    Best(Option<Snapshot>),
}

impl EarlyStopping {
    /// Stops at the first epoch without improvement, and keeps the last weights.
    pub fn on(monitor: Monitor) -> EarlyStopping {
        let best = monitor.worst();
        EarlyStopping {
            monitor,
            patience: 0,
            min_delta: 0.0,
            restore: Restore::Last,
            best,
            waited: 0,
        }
    }

    /// How many epochs without improvement are waited for.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> EarlyStopping {
        self.patience = epochs;
        self
    }

    /// The smallest change that counts as an improvement, in the unit of the figure.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> EarlyStopping {
        self.min_delta = min_delta;
        self
    }

    /// Ends with the weights of the best epoch, also where training was not stopped early.
    #[must_use]
    pub fn restore_best(mut self) -> EarlyStopping {
        self.restore = Restore::Best(None);
        self
    }
}

impl Callback for EarlyStopping {
    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let mut mistakes = self.monitor.mistakes(run);
        if !(self.min_delta >= 0.0 && self.min_delta.is_finite()) {
            let found = self.min_delta;
            mistakes.push(format!("`min_delta` must be a number of at least 0, but is {found}"));
        }
        mistakes
    }

    fn on(&mut self, event: Event<'_>) -> Result<Flow> {
        match event {
            Event::EpochEnded { epoch, figures, weights } => {
                let Some(current) = self.monitor.value(figures) else { return Ok(Flow::Continue) };
                let improved = self.monitor.improves(current, self.best, self.min_delta);
                if let Restore::Best(kept) = &mut self.restore {
                    if improved || kept.is_none() {
                        *kept = Some(weights.snapshot()?);
                    }
                }
                if improved {
                    (self.best, self.waited) = (current, 0);
                    return Ok(Flow::Continue);
                }
                self.waited += 1;
                // Keras never stops at the first epoch, which has nothing to improve on.
                let stops = self.waited >= self.patience && epoch > 0;
                Ok(if stops { Flow::Stop } else { Flow::Continue })
            }
            Event::TrainingEnded { weights } => {
                if let Restore::Best(Some(best)) = &self.restore {
                    weights.restore(best)?;
                }
                Ok(Flow::Continue)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        callback::Weights,
        history::{Figures, Phase},
    };

    /// Weights that are the number of the epoch.
    struct Epoch(f64);

    impl Weights for Epoch {
        fn snapshot(&self) -> Result<Snapshot> {
            Ok(Snapshot(vec![vec![self.0]]))
        }
        fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
            self.0 = snapshot.0[0][0];
            Ok(())
        }
    }

    /// The epoch training stops after, and the epoch whose weights the model ends with.
    fn run(mut callback: EarlyStopping, losses: &[f64]) -> (usize, f64) {
        let mut weights = Epoch(0.0);
        let mut last = 0;
        for (epoch, &loss) in losses.iter().enumerate() {
            (last, weights.0) = (epoch, epoch as f64);
            let mut figures = Figures::new(1);
            figures.push(Phase::Validation, None, "loss", loss);
            let event = Event::EpochEnded { epoch, figures: &figures, weights: &mut weights };
            if callback.on(event).unwrap() == Flow::Stop {
                break;
            }
        }
        callback.on(Event::TrainingEnded { weights: &mut weights }).unwrap();
        (last, weights.0)
    }

    fn watch() -> EarlyStopping {
        EarlyStopping::on(Monitor::val_loss())
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
}
