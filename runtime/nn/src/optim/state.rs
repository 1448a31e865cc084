//! The state of an optimizer, and a step on a whole module.

use dfdx::tensor::Gradients;
use serde::{Deserialize, Serialize};

use super::{AnyOptimizer, Optimizer};
use crate::{
    parameters::{self, ParameterInfo, Role},
    tensor::*,
};

/// The state of an optimizer, in the order in which the module's tensors are visited. `state_dict`
/// in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerState<E> {
    /// The number of steps taken.
    pub step: u64,
    /// The states of the trained tensors.
    pub tensors: Vec<TensorState<E>>,
}

/// The state of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorState<E> {
    /// The name of the tensor in the module.
    pub name: String,
    /// The number of steps of this tensor; smaller than that of other tensors where it was frozen
    /// for a while.
    pub step: u64,
    /// One vector for each slot, with one value for each weight.
    pub slots: Vec<Vec<E>>,
}

impl<E: Element> OptimizerState<E> {
    /// The initial state for `module`: zeros for every trained tensor.
    pub fn new<D: Backend<E>, M: TensorCollection<E, D>>(
        module: &M,
        optimizer: &impl Optimizer,
    ) -> OptimizerState<E> {
        let mut tensors = Vec::new();
        parameters::visit(module, &mut |tensor, _| tensors.push(tensor));
        OptimizerState::of_tensors(&tensors, optimizer.slots().len())
    }

    /// The initial state for the trained ones of `tensors`, with this number of slots.
    pub fn of_tensors(tensors: &[ParameterInfo], slots: usize) -> OptimizerState<E> {
        let trained = tensors.iter().filter(|tensor| tensor.trainable);
        // Each vector is allocated as zeros, which costs no time before the first write.
        let zeros = |tensor: &ParameterInfo| {
            (0..slots).map(|_| vec![E::zero(); tensor.elements()]).collect()
        };
        let state = |tensor: &ParameterInfo| TensorState {
            name: tensor.name.clone(),
            step: 0,
            slots: zeros(tensor),
        };
        OptimizerState { step: 0, tensors: trained.map(state).collect() }
    }

    /// One step, which updates every trained tensor in place.
    ///
    /// # Errors
    /// The device's, and a state that belongs to another module.
    pub fn advance<D: Backend<E>, M: TensorCollection<E, D>>(
        &mut self,
        module: &mut M,
        gradients: &mut Gradients<E, D>,
        optimizer: &impl Optimizer,
    ) -> Result<(), D::Err> {
        self.advance_each(module, gradients, |_| Some(optimizer))
    }

    /// One step with an optimizer for each tensor, by its index in `tensors`. `None` leaves the
    /// tensor and its state unchanged.
    ///
    /// # Errors
    /// Those of [`advance`](OptimizerState::advance).
    pub fn advance_each<'o, D: Backend<E>, M: TensorCollection<E, D>, O: Optimizer + 'o>(
        &mut self,
        module: &mut M,
        gradients: &mut Gradients<E, D>,
        optimizer_of: impl Fn(usize) -> Option<&'o O>,
    ) -> Result<(), D::Err> {
        self.step += 1;
        let mut index = 0;
        parameters::visit_mut(module, &mut |role, tensor| {
            if role == Role::Fixed {
                return Ok(());
            }
            if let Some(optimizer) = optimizer_of(index) {
                let state = self.tensors.get_mut(index).ok_or_else(D::size_error)?;
                // The gradient is taken out, because the gradients and the tensor cannot be
                // borrowed together.
                let gradient = D::take_gradient(gradients, &D::flatten(tensor)?.in_order()?)?;
                let (mut fits, optimizer) = (true, optimizer.boxed());
                tensor.edit(&mut |weights| fits = state.advance(&*optimizer, weights, &gradient));
                D::restore_gradient(gradients, &D::flatten(tensor)?.in_order()?, gradient)?;
                if !fits {
                    return Err(D::size_error());
                }
            }
            index += 1;
            Ok(())
        })
    }
}

impl<E: Element> TensorState<E> {
    /// The optimizer's next step on the tensor. Returns `false`, without a step, where the sizes of
    /// the slots and of the weights differ.
    pub fn advance(
        &mut self,
        optimizer: &dyn AnyOptimizer,
        weights: &mut [E],
        gradient: &[E],
    ) -> bool {
        if self.slots.iter().any(|slot| slot.len() != weights.len()) {
            return false;
        }
        self.step += 1;
        optimizer.on::<E>().update(self.step, weights, gradient, &mut self.slots);
        true
    }
}
