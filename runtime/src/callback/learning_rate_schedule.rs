//! `LearningRateSchedule`: sets the learning rate by a schedule.

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Event, Flow, RunPlan, Schedule};

/// Sets the optimizer's learning rate before every step or every epoch. Learning rate factors of
/// branches stay in effect.
///
/// By step: `keras.optimizers.schedules` passed as a learning rate. By epoch:
/// `keras.callbacks.LearningRateScheduler`.
#[derive(Clone, Debug)]
pub struct LearningRateSchedule {
    schedule: Schedule,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Step,
    Epoch,
}

impl LearningRateSchedule {
    /// The schedule counts optimizer steps.
    pub fn by_step(schedule: Schedule) -> LearningRateSchedule {
        LearningRateSchedule { schedule, unit: Unit::Step }
    }

    /// The schedule counts epochs.
    pub fn by_epoch(schedule: Schedule) -> LearningRateSchedule {
        LearningRateSchedule { schedule, unit: Unit::Epoch }
    }
}

impl AnyCallback for LearningRateSchedule {
    fn name(&self) -> &'static str {
        "LearningRateSchedule"
    }

    fn mistakes(&self, _: &RunPlan) -> Vec<String> {
        self.schedule.mistakes()
    }

    fn settings(&self) -> String {
        format!("by {:?}, {:?}", self.unit, self.schedule)
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let number = match (self.unit, event) {
            (Unit::Step, Event::Started | Event::StepEnded { .. }) => training.position().updates,
            (Unit::Epoch, Event::Started) => training.position().epoch as u64,
            (Unit::Epoch, Event::EpochStarted { epoch }) => *epoch as u64,
            _ => return Ok(Flow::Continue),
        };
        training.set_learning_rate(self.schedule.rate(number));
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

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
}
