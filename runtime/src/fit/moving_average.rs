//! An exponential moving average of the weights.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::Role;

use crate::untyped::{parameters, AnyModule};

/// average = momentum * average + (1 - momentum) * weight after every step of the optimizer; the
/// first step sets it to the weights. When training ends at the last epoch or by a callback that
/// stops or pauses, the averages are written into the model. When training ends with an error, the
/// model has the weights of the last step taken. Batches that only accumulate gradients count as
/// steps, as in Keras.
///
/// `use_ema`, `ema_momentum` and `ema_overwrite_frequency` of Keras's optimizers;
/// `torch.optim.swa_utils.AveragedModel`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingAverage {
    momentum: f64,
    overwrite_every: Option<u64>,
}

impl MovingAverage {
    /// `momentum` is the weight of the previous average in every step; Keras's default is 0.99.
    pub const fn new(momentum: f64) -> MovingAverage {
        MovingAverage { momentum, overwrite_every: None }
    }

    /// Also writes the averages into the model after every `steps` steps.
    #[must_use]
    pub const fn overwrite_every(mut self, steps: u64) -> MovingAverage {
        self.overwrite_every = Some(steps);
        self
    }

    pub(super) fn mistakes(&self) -> Vec<String> {
        let MovingAverage { momentum, overwrite_every } = self;
        let mut mistakes = Vec::new();
        if !(0.0..=1.0).contains(momentum) {
            mistakes.push(format!(
                "the momentum of `moving_average` must be from 0 to 1, but is {momentum}"
            ));
        }
        if *overwrite_every == Some(0) {
            mistakes.push("`overwrite_every` of `moving_average` must be at least 1".to_owned());
        }
        mistakes
    }
}

/// The averages of a run.
pub(super) struct Averages<E> {
    rule: MovingAverage,
    /// One entry per trained tensor.
    pub(super) tensors: Vec<Vec<E>>,
}

impl<E: Element> Averages<E> {
    /// Zeros of the given sizes; the first step replaces them.
    pub(super) fn new(rule: MovingAverage, sizes: impl Iterator<Item = usize>) -> Averages<E> {
        Averages { rule, tensors: sizes.map(|size| vec![E::zero(); size]).collect() }
    }

    /// Updates the averages after a batch. `step` is the number of optimizer steps before it.
    pub(super) fn update<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        step: u64,
    ) -> Result<()> {
        let momentum = if step == 0 { E::zero() } else { E::of(self.rule.momentum) };
        let tensors = &mut self.tensors;
        parameters::edit_role(module, Role::Trained, |index, weights| {
            for (average, &weight) in tensors[index].iter_mut().zip(weights.iter()) {
                *average = momentum * *average + (E::one() - momentum) * weight;
            }
        })?;
        match self.rule.overwrite_every {
            Some(every) if (step + 1).is_multiple_of(every) => self.overwrite(module),
            _ => Ok(()),
        }
    }

    /// Writes the averages into the model.
    pub(super) fn overwrite<D: Backend<E>>(&self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        parameters::edit_role(module, Role::Trained, |index, weights| {
            weights.copy_from_slice(&self.tensors[index]);
        })
    }
}
