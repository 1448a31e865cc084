//! `LearningRateSchedule`: sets the learning rate by a schedule.

use std::sync::Arc;

use multi_input_base::{Error, Result};

use super::{is_learning_rate, AnyCallback, AnyTraining, Event, Flow, RateSchedule, RunPlan};

/// Sets the optimizer's learning rate before every step or every epoch. Learning rate factors of
/// branches stay in effect. The schedule is a [`Schedule`](super::Schedule), a closure, or another
/// [`RateSchedule`].
///
/// By step: `keras.optimizers.schedules` passed as a learning rate. By epoch:
/// `keras.callbacks.LearningRateScheduler`.
#[derive(Clone)]
#[doc(alias("LearningRateScheduler", "LambdaLR"))]
pub struct LearningRateSchedule {
    schedule: Arc<dyn RateSchedule + Send + Sync>,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Step,
    Epoch,
}

impl LearningRateSchedule {
    /// The schedule counts optimizer steps.
    #[doc(alias = "new")]
    pub fn by_step(schedule: impl RateSchedule + Send + Sync + 'static) -> LearningRateSchedule {
        LearningRateSchedule { schedule: Arc::new(schedule), unit: Unit::Step }
    }

    /// The schedule counts epochs.
    #[doc(alias = "from_fn")]
    pub fn by_epoch(schedule: impl RateSchedule + Send + Sync + 'static) -> LearningRateSchedule {
        LearningRateSchedule { schedule: Arc::new(schedule), unit: Unit::Epoch }
    }

    /// The rate of a step or epoch.
    ///
    /// # Errors
    /// [`Error::LearningRate`] for a rate below 0 or that is not finite.
    fn rate(&self, number: u64) -> Result<f64> {
        let rate = self.schedule.rate(number);
        let unit = match self.unit {
            Unit::Step => "step",
            Unit::Epoch => "epoch",
        };
        match is_learning_rate(rate) {
            true => Ok(rate),
            false => Err(Error::LearningRate { rate, unit, number }),
        }
    }
}

impl std::fmt::Debug for LearningRateSchedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&AnyCallback::settings(self))
    }
}

impl AnyCallback for LearningRateSchedule {
    fn name(&self) -> &'static str {
        "LearningRateSchedule"
    }

    fn mistakes(&self, _: &RunPlan) -> Vec<String> {
        let mistakes = self.schedule.mistakes();
        match mistakes.is_empty() {
            true => self.rate(0).err().into_iter().map(|error| error.to_string()).collect(),
            false => mistakes,
        }
    }

    fn settings(&self) -> String {
        format!("by {:?}, {}", self.unit, self.schedule.settings())
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let number = match (self.unit, event) {
            (Unit::Step, Event::Started | Event::StepEnded { .. }) => training.position().updates,
            (Unit::Epoch, Event::Started) => training.position().epoch as u64,
            (Unit::Epoch, Event::EpochStarted { epoch }) => *epoch as u64,
            _ => return Ok(Flow::Continue),
        };
        training.set_learning_rate(self.rate(number)?);
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{tests::Script, Schedule},
        *,
    };

    #[test]
    fn steps_and_epochs_are_counted() {
        let halves = Schedule::step(1.0, 0.5, 1);
        let mut script = Script::default();
        let mut callback = LearningRateSchedule::by_step(halves.clone());
        callback.on(&Event::Started, &mut script).unwrap();
        assert_eq!(script.learning_rate, 1.0);
        script.step(&mut callback);
        script.step(&mut callback);
        assert_eq!(script.learning_rate, 0.25);

        let mut script = Script::default();
        script.run(LearningRateSchedule::by_epoch(halves), &[1.0; 3]);
        assert_eq!(script.learning_rate, 0.25);
    }

    #[test]
    fn a_closure_is_a_schedule() {
        let mut script = Script::default();
        let mut callback = LearningRateSchedule::by_step(|step: u64| 1.0 / (1.0 + step as f64));
        assert!(AnyCallback::settings(&callback).starts_with("by Step, 1 at 0, 0.5 at 1, "));
        callback.on(&Event::Started, &mut script).unwrap();
        script.step(&mut callback);
        assert_eq!(script.learning_rate, 0.5);
    }

    #[test]
    fn a_rate_that_cannot_be_is_an_error() {
        let mut script = Script::default();
        let mut callback = LearningRateSchedule::by_step(|step: u64| 1.0 - step as f64);
        assert!(AnyCallback::mistakes(&callback, &script.plan).is_empty());
        script.position.updates = 2;
        let error = callback.on(&Event::Started, &mut script).unwrap_err().to_string();
        assert_eq!(
            error,
            "the learning-rate schedule gives -1 at step 2; it must be a number of at least 0"
        );
        let callback = LearningRateSchedule::by_epoch(|_: u64| f64::NAN);
        assert_eq!(AnyCallback::mistakes(&callback, &script.plan).len(), 1);
    }
}
