//! A moving average of the weights.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::Role;

use crate::untyped::{parameters, AnyModule};

/// average = momentum * average + (1 - momentum) * weight after every step of the optimizer; the
/// first step starts it at the weights. When training ends, the model gets the averages: after its
/// last epoch, or where a callback stops or pauses it. Where it ends with an error, the model has the
/// weights of the last step that was taken, as without an average. Batches that only add to an
/// accumulated gradient count as steps, as in Keras.
///
/// `use_ema`, `ema_momentum` and `ema_overwrite_frequency` of Keras's optimizers;
/// `torch.optim.swa_utils.AveragedModel`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingAverage {
    momentum: f64,
    overwrite_every: Option<u64>,
}

impl MovingAverage {
    /// Keeps the share `momentum` of the average at every step; Keras's default is 0.99.
    pub const fn new(momentum: f64) -> MovingAverage {
        MovingAverage { momentum, overwrite_every: None }
    }

    /// Also puts the averages into the model after every so many steps.
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
    /// One entry for each trained tensor.
    pub(super) tensors: Vec<Vec<E>>,
}

impl<E: Element> Averages<E> {
    /// Zeros of the given sizes, which the first step replaces.
    pub(super) fn new(rule: MovingAverage, sizes: impl Iterator<Item = usize>) -> Averages<E> {
        Averages { rule, tensors: sizes.map(|size| vec![E::zero(); size]).collect() }
    }

    /// Follows the weights after a batch. `step` is the number of optimizer steps *before* it.
    pub(super) fn follow<D: Backend<E>>(
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

    /// Gives the model the averages.
    pub(super) fn overwrite<D: Backend<E>>(&self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        parameters::edit_role(module, Role::Trained, |index, weights| {
            weights.copy_from_slice(&self.tensors[index]);
        })
    }
}
