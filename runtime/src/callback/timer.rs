//! `Timer`: how long training takes, and an end to it.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Event, Flow};

/// Measures every epoch, and pauses the run once a limit is over. Time spent by an earlier run that
/// this one goes on from does not count.
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

/// What a [`Timer`] measured so far.
#[derive(Clone, Debug, Default)]
pub struct Times(Rc<RefCell<Measured>>);

#[derive(Debug, Default)]
struct Measured {
    epochs: Vec<Duration>,
    total: Duration,
}

impl Times {
    /// How long each epoch took, its validation included.
    pub fn epochs(&self) -> Vec<Duration> {
        self.0.borrow().epochs.clone()
    }

    /// How long the run has taken.
    pub fn total(&self) -> Duration {
        self.0.borrow().total
    }
}

impl Timer {
    /// Measures without a limit.
    pub fn new() -> Timer {
        Timer::default()
    }

    /// Pauses after the step in which the limit is reached.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Timer {
        self.limit = Some(limit);
        self
    }

    /// Where the times can be read, during training and after.
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
        let mut measured = self.times.0.borrow_mut();
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
