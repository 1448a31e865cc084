//! What an optimizer remembers between steps, and one step over a whole module.

use dfdx::tensor::Gradients;
use serde::{Deserialize, Serialize};

use super::{AnyOptimizer, Optimizer};
use crate::{
    parameters::{self, ParameterInfo, Role},
    tensor::*,
};

/// The memory of an optimizer, in the order in which the module's tensors are visited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerState<E> {
    /// How many steps were taken.
    pub step: u64,
    /// One entry for each tensor that is trained.
    pub tensors: Vec<TensorState<E>>,
}

/// What is remembered of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorState<E> {
    /// The tensor's name in the module.
    pub name: String,
    /// How many steps this tensor took: fewer than the others where it was frozen for a while.
    pub step: u64,
    /// One number for each weight, slot after slot.
    pub slots: Vec<Vec<E>>,
}

impl<E: Element> OptimizerState<E> {
    /// Zeros for every tensor of `module` that is trained.
    pub fn new<D: Backend<E>, M: TensorCollection<E, D>>(
        module: &M,
        optimizer: &impl Optimizer,
    ) -> OptimizerState<E> {
        let mut tensors = Vec::new();
        parameters::visit(module, &mut |tensor, _| tensors.push(tensor));
        OptimizerState::of_tensors(&tensors, optimizer.slots().len())
    }

    /// Zeros for those of the tensors that are trained, of each as many as there are `slots`.
    pub fn of_tensors(tensors: &[ParameterInfo], slots: usize) -> OptimizerState<E> {
        let trained = tensors.iter().filter(|tensor| tensor.trainable);
        // Each asked of the system as zeros, which is then no work until they are changed.
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

    /// One step: every tensor that is trained changes in place, without a buffer of its own.
    ///
    /// # Errors
    /// The device's, and where the state belongs to another module.
    pub fn advance<D: Backend<E>, M: TensorCollection<E, D>>(
        &mut self,
        module: &mut M,
        gradients: &mut Gradients<E, D>,
        optimizer: &impl Optimizer,
    ) -> Result<(), D::Err> {
        self.advance_each(module, gradients, |_| Some(optimizer))
    }

    /// One step in which every tensor, by its place in `tensors`, has an optimizer of its own;
    /// `None` leaves the tensor and its memory as they are.
    ///
    /// # Errors
    /// As [`advance`](OptimizerState::advance).
    pub fn advance_each<'o, D: Backend<E>, M: TensorCollection<E, D>, O: Optimizer + 'o>(
        &mut self,
        module: &mut M,
        gradients: &mut Gradients<E, D>,
        optimizer_of: impl Fn(usize) -> Option<&'o O>,
    ) -> Result<(), D::Err> {
        self.step += 1;
        let mut place = 0;
        parameters::visit_mut(module, &mut |role, tensor| {
            if role == Role::Fixed {
                return Ok(());
            }
            if let Some(optimizer) = optimizer_of(place) {
                let state = self.tensors.get_mut(place).ok_or_else(D::size_error)?;
                // Taken out, because the gradients and the tensor cannot be borrowed in one another.
                let gradient = D::take_gradient(gradients, &D::flatten(tensor)?.in_order()?)?;
                let (mut fits, optimizer) = (true, optimizer.boxed());
                tensor.edit(&mut |weights| fits = state.advance(&*optimizer, weights, &gradient));
                D::restore_gradient(gradients, &D::flatten(tensor)?.in_order()?, gradient)?;
                if !fits {
                    return Err(D::size_error());
                }
            }
            place += 1;
            Ok(())
        })
    }
}

impl<E: Element> TensorState<E> {
    /// The optimizer's next step on the tensor; `false`, and no step, where it is of another size.
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
