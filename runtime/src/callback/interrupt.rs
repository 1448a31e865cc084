//! `Interrupt`: pauses a run after the current step.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    Arc,
};

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Event, Flow};

/// Pauses training after the current step once a flag is set. [`Checkpoint`](super::Checkpoint)
/// then saves the run, and `fit` returns normally.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
}

impl Interrupt {
    /// Pauses once `flag` is true.
    pub fn by(flag: Arc<AtomicBool>) -> Interrupt {
        Interrupt { flag }
    }

    /// Pauses on Ctrl-C (SIGINT) and on SIGTERM; a second signal ends the process at once. With the
    /// feature `ctrl-c`.
    ///
    /// # Errors
    /// [`Error::Device`](multi_input_base::Error::Device) if the signal handler cannot be
    /// registered.
    #[cfg(feature = "ctrl-c")]
    pub fn on_ctrl_c() -> Result<Interrupt> {
        use signal_hook::{consts, flag};
        let interrupt = Interrupt::default();
        for signal in [consts::SIGINT, consts::SIGTERM] {
            // Registered in this order, the first signal only sets the flag.
            let registered = flag::register_conditional_shutdown(
                signal,
                128 + signal,
                Arc::clone(&interrupt.flag),
            )
            .and_then(|_| flag::register(signal, Arc::clone(&interrupt.flag)));
            registered.map_err(multi_input_base::Error::device)?;
        }
        Ok(interrupt)
    }
}

impl AnyCallback for Interrupt {
    fn name(&self) -> &'static str {
        "Interrupt"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let is_checked = matches!(event, Event::StepEnded { .. } | Event::EpochEnded { .. });
        let paused = is_checked && self.flag.load(Ordering::Relaxed);
        if !paused {
            return Ok(Flow::Continue);
        }
        training.explain_end("Interrupt: the flag was set".to_owned());
        Ok(Flow::Pause)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    #[test]
    fn it_pauses_after_the_step_in_which_the_flag_is_set() {
        let flag = Arc::new(AtomicBool::new(false));
        let (mut script, mut callback) = (Script::default(), Interrupt::by(Arc::clone(&flag)));
        assert_eq!(script.step(&mut callback), Flow::Continue);
        flag.store(true, Ordering::Relaxed);
        assert_eq!(script.step(&mut callback), Flow::Pause);
    }
}
