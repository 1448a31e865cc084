//! `Timer`: measures and limits the duration of training.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Event, Flow};

/// Measures every epoch, and pauses the run once a time limit is exceeded. The time of an earlier
/// run that is resumed does not count. `lightning.callbacks.Timer`.
///
/// ```
/// use std::time::Duration;
/// use multi_input::callback::Timer;
///
/// let timer = Timer::new().limit(Duration::from_secs(3600));
/// let times = timer.times(); // To be read after training.
/// assert!(times.epochs().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Timer {
    limit: Option<Duration>,
    started: Option<Instant>,
    epoch_started: Option<Instant>,
    times: Times,
}

/// The measurements of a [`Timer`] so far.
#[derive(Clone, Debug, Default)]
pub struct Times(Arc<Mutex<Measured>>);

#[derive(Debug, Default)]
struct Measured {
    epochs: Vec<Duration>,
    total: Duration,
}

impl Times {
    /// The duration of each epoch, validation included.
    pub fn epochs(&self) -> Vec<Duration> {
        self.measured().epochs.clone()
    }

    /// The duration of the run.
    pub fn total(&self) -> Duration {
        self.measured().total
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timer {
    /// A timer without a limit.
    pub fn new() -> Timer {
        Timer::default()
    }

    /// Pauses after the step in which the limit is exceeded.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Timer {
        self.limit = Some(limit);
        self
    }

    /// A handle for reading the measurements during and after training.
    pub fn times(&self) -> Times {
        self.times.clone()
    }
}

impl AnyCallback for Timer {
    fn name(&self) -> &'static str {
        "Timer"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let now = Instant::now();
        let total = now - *self.started.get_or_insert(now);
        let epoch = now - *self.epoch_started.get_or_insert(now);
        let mut measured = self.times.measured();
        measured.total = total;
        match event {
            Event::EpochStarted { .. } => self.epoch_started = Some(now),
            Event::EpochEnded { .. } => measured.epochs.push(epoch),
            Event::StepEnded { .. } if self.limit.is_some_and(|limit| total >= limit) => {
                let limit = self.limit.unwrap_or_default();
                training.explain_end(format!("Timer: the limit of {limit:?} is over"));
                return Ok(Flow::Pause);
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    #[test]
    fn every_epoch_is_measured_and_the_limit_pauses() {
        let timer = Timer::new();
        let times = timer.times();
        Script::default().run(timer, &[1.0; 3]);
        assert_eq!(times.epochs().len(), 3);
        assert!(times.total() >= times.epochs().iter().sum());

        let mut timer = Timer::new().limit(Duration::ZERO);
        assert_eq!(Script::default().step(&mut timer), Flow::Pause);
    }
}
