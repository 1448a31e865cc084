//! `ReduceOnPlateau`: reduces the learning rate once a figure stops improving.

use std::marker::PhantomData;

use multi_input_base::Result;

use super::{
    callback_of_its_model, is_learning_rate,
    monitor::{delta_mistake, MonitoredFigure},
    AnyCallback, AnyTraining, Event, Flow, Memory, MonitorOf, RunPlan,
};

/// Multiplies the learning rate by `factor` after `patience` epochs without an improvement by more
/// than `min_delta`.
///
/// `keras.callbacks.ReduceLROnPlateau`, with its defaults: factor 0.1, patience 10, min_delta 1e-4,
/// no cooldown, minimum rate 0; except that NaN is never the best value.
/// `torch.optim.lr_scheduler.ReduceLROnPlateau(threshold_mode="abs")`.
#[derive(Clone, Debug)]
#[doc(alias = "ReduceLROnPlateau")]
pub struct ReduceOnPlateau<M> {
    untyped: Reduction,
    model: PhantomData<fn() -> M>,
}

callback_of_its_model!(ReduceOnPlateau);

/// [`ReduceOnPlateau`] without the type of the model.
#[derive(Clone, Debug)]
struct Reduction {
    monitor: MonitoredFigure,
    factor: f64,
    patience: usize,
    min_delta: f64,
    cooldown: usize,
    smallest: f64,
    best: f64,
    waited: usize,
    cooling: usize,
}

impl<M> ReduceOnPlateau<M> {
    /// Monitors a figure.
    #[doc(alias("new", "monitor"))]
    pub fn on(monitor: impl MonitorOf<M>) -> ReduceOnPlateau<M> {
        let monitor = monitor.monitor().monitored;
        let best = monitor.worst();
        let untyped = Reduction {
            monitor,
            factor: 0.1,
            patience: 10,
            min_delta: 1e-4,
            cooldown: 0,
            smallest: 0.0,
            best,
            waited: 0,
            cooling: 0,
        };
        ReduceOnPlateau { untyped, model: PhantomData }
    }

    /// The factor of the learning rate.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.untyped.factor = factor;
        self
    }

    /// The number of epochs without improvement before a reduction.
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

    /// The number of epochs after a reduction that do not count.
    #[must_use]
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.untyped.cooldown = epochs;
        self
    }

    /// The minimum learning rate.
    #[must_use]
    pub fn smallest(mut self, rate: f64) -> Self {
        self.untyped.smallest = rate;
        self
    }
}

impl AnyCallback for Reduction {
    fn name(&self) -> &'static str {
        "ReduceOnPlateau"
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let mut mistakes = self.monitor.mistakes(run);
        let Reduction { factor, smallest, .. } = self;
        if !(*factor > 0.0 && *factor < 1.0) {
            mistakes.push(format!(
                "the factor of `ReduceOnPlateau` must be above 0 and below 1, but is {factor}"
            ));
        }
        if !is_learning_rate(*smallest) {
            mistakes.push(format!(
                "the smallest rate of `ReduceOnPlateau` must be a number of at least 0, but is \
                 {smallest}"
            ));
        }
        mistakes.extend(delta_mistake(self.min_delta));
        mistakes
    }

    fn settings(&self) -> String {
        let Reduction { monitor, factor, patience, min_delta, cooldown, smallest, .. } = self;
        format!(
            "{monitor}, factor {factor}, patience {patience}, min_delta {min_delta}, \
             cooldown {cooldown}, smallest {smallest}"
        )
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        let Event::EpochEnded { figures, .. } = event else { return Ok(Flow::Continue) };
        let Some(current) = self.monitor.value(figures) else { return Ok(Flow::Continue) };
        let follows =
            "a NaN is never an improvement, so the learning rate is reduced after `patience` \
                       epochs of it";
        self.monitor.notice_nan(current, "ReduceOnPlateau", follows, training);
        if self.cooling > 0 {
            self.cooling -= 1;
            self.waited = 0;
        }
        if self.monitor.improves(current, self.best, self.min_delta) {
            (self.best, self.waited) = (current, 0);
        } else if self.cooling == 0 {
            self.waited += 1;
            let rate = training.learning_rate();
            if self.waited >= self.patience && rate > self.smallest {
                training.set_learning_rate((rate * self.factor).max(self.smallest));
                (self.cooling, self.waited) = (self.cooldown, 0);
            }
        }
        Ok(Flow::Continue)
    }

    fn remember(&self, memory: &mut Memory) {
        memory.put("best", self.best);
        memory.put("waited", self.waited as f64);
        memory.put("cooling", self.cooling as f64);
    }

    fn recall(&mut self, memory: &Memory) {
        self.best = memory.get("best").unwrap_or(self.best);
        (self.waited, self.cooling) = (memory.count("waited"), memory.count("cooling"));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{tests::Script, Monitor},
        *,
    };

    #[test]
    fn it_reduces_after_its_patience_and_cools_down() {
        let callback = ReduceOnPlateau::on(Monitor::val_loss()).factor(0.5).patience(2).cooldown(2);
        let mut script = Script::default();
        script.run(callback.clone(), &[1.0, 1.0, 1.0]);
        assert_eq!(script.learning_rate, 0.5);
        // A cooldown of two epochs, of which the second already counts as waiting.
        let mut script = Script::default();
        script.run(callback.clone(), &[1.0; 5]);
        assert_eq!(script.learning_rate, 0.5);
        script = Script::default();
        script.run(callback.smallest(0.4), &[1.0; 12]);
        assert_eq!(script.learning_rate, 0.4);
    }
}
