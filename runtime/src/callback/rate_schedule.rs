//! The trait of learning rate schedules.

use super::Schedule;

/// A learning rate as a function of the number of a step or epoch, for
/// [`LearningRateSchedule`](super::LearningRateSchedule): a [`Schedule`], a closure `|t: u64| rate`,
/// or a type of your own. `keras.optimizers.schedules.LearningRateSchedule`; `LambdaLR` in PyTorch.
///
/// ```
/// use multi_input::{callback::RateSchedule, prelude::*};
///
/// /// The schedule of "Attention Is All You Need".
/// struct Noam {
///     width: f64,
///     warmup: f64,
/// }
///
/// impl RateSchedule for Noam {
///     fn rate(&self, number: u64) -> f64 {
///         let step = number as f64 + 1.0;
///         self.width.powf(-0.5) * step.powf(-0.5).min(step * self.warmup.powf(-1.5))
///     }
///
///     fn mistakes(&self) -> Vec<String> {
///         let sound = self.width > 0.0 && self.warmup > 0.0;
///         (!sound).then(|| "`Noam` needs a width and a warm-up above 0".to_owned()).into_iter().collect()
///     }
/// }
///
/// let by_type = LearningRateSchedule::by_step(Noam { width: 64.0, warmup: 400.0 });
/// let by_closure = LearningRateSchedule::by_epoch(|epoch: u64| 1e-2 / (1.0 + epoch as f64));
/// # let _ = (by_type, by_closure);
/// ```
pub trait RateSchedule {
    /// The learning rate of a step or epoch, from 0: a number of at least 0.
    fn rate(&self, number: u64) -> f64;

    /// Mistakes in the settings, one text each.
    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The schedule in words: a run is resumed only with an equal one. By default its rates at a few
    /// numbers.
    fn settings(&self) -> String {
        let rates: Vec<String> =
            SAMPLES.iter().map(|&number| format!("{} at {number}", self.rate(number))).collect();
        rates.join(", ")
    }
}

/// The numbers at which schedules are compared.
const SAMPLES: [u64; 8] = [0, 1, 2, 5, 10, 100, 1000, 10_000];

impl RateSchedule for Schedule {
    fn rate(&self, number: u64) -> f64 {
        Schedule::rate(self, number)
    }

    fn mistakes(&self) -> Vec<String> {
        Schedule::mistakes(self)
    }

    fn settings(&self) -> String {
        format!("{self:?}")
    }
}

impl<F: Fn(u64) -> f64> RateSchedule for F {
    fn rate(&self, number: u64) -> f64 {
        self(number)
    }
}

/// Whether steps can be taken with a learning rate.
pub(crate) fn is_learning_rate(rate: f64) -> bool {
    rate >= 0.0 && rate.is_finite()
}
