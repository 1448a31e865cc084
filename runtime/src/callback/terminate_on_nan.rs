//! `TerminateOnNan`: stops training at a non-finite loss instead of returning an error.

use multi_input_base::Result;

use super::{AnyCallback, AnyTraining, Event, Flow};
use crate::history::Phase;

/// Stops training at a non-finite loss, so that `fit` returns normally with the weights before that
/// step (their average, with a moving average), or the best weights if another callback restores
/// them. Without it `fit` returns [`Error::NotFinite`](multi_input_base::Error::NotFinite), which
/// names output, epoch, step and node. With it `fit` also stops at a non-finite validation loss.
///
/// A step that has made weights non-finite leaves none from before: there `fit` returns normally only
/// if another callback restores weights, or with a moving average.
///
/// `keras.callbacks.TerminateOnNaN`, which monitors the training loss only.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "TerminateOnNaN")]
pub struct TerminateOnNan;

impl AnyCallback for TerminateOnNan {
    fn name(&self) -> &'static str {
        "TerminateOnNan"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let reason = match event {
            Event::NotFinite { epoch, step, cause, .. } => {
                let (epoch, step) = (epoch + 1, step + 1);
                Some(format!("{cause} is not finite in epoch {epoch}, step {step}"))
            }
            Event::EpochEnded { epoch, figures } => {
                figures.entries().find_map(|(figure, value)| {
                    let of_loss = figure.phase == Phase::Validation && figure.quantity == "loss";
                    let ends = of_loss && !value.is_finite();
                    ends.then(|| {
                        format!("the validation loss is {value} after epoch {}", epoch + 1)
                    })
                })
            }
            _ => None,
        };
        let Some(reason) = reason else { return Ok(Flow::Continue) };
        training.explain_end(format!("TerminateOnNan: {reason}"));
        Ok(Flow::Stop)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    #[test]
    fn it_ends_at_a_validation_loss_that_is_not_finite() {
        assert_eq!(Script::default().run(TerminateOnNan, &[1.0, f64::INFINITY, 1.0]), 1);
        assert_eq!(Script::default().run(TerminateOnNan, &[1.0, 2.0]), 1);
    }
}
