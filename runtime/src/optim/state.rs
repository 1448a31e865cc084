//! What an optimizer remembers between steps, and one step over a whole module.

use dfdx::{
    nn::tensor_collection::{
        RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
    },
    tensor::Gradients,
};
use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::{lazy::Tables, tensor::*};

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
        let mut start = Start { slots: optimizer.slots().len(), tensors: Vec::new() };
        let walk =
            M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut start });
        match walk {
            Ok(_) => OptimizerState { step: 0, tensors: start.tensors },
            Err(never) => match never {},
        }
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
        self.advance_rows(module, gradients, &mut Tables::default(), optimizer_of)
    }

    /// The same where some of the tensors are tables that take their steps row by row.
    pub(crate) fn advance_rows<'o, D: Backend<E>, M: TensorCollection<E, D>, O: Optimizer + 'o>(
        &mut self,
        module: &mut M,
        gradients: &mut Gradients<E, D>,
        tables: &mut Tables<E>,
        optimizer_of: impl Fn(usize) -> Option<&'o O>,
    ) -> Result<(), D::Err> {
        self.step += 1;
        let tensors = self.tensors.iter_mut().enumerate();
        let mut update = Update { optimizer_of, tensors, gradients, tables };
        M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut update })?;
        Ok(())
    }
}

/// Makes the zeros.
struct Start<E> {
    slots: usize,
    tensors: Vec<TensorState<E>>,
}

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Start<E> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, Self::Err> {
        if options.do_gradient_update {
            // Each asked of the system as zeros, which is then no work until they are changed.
            let zeros = |_| vec![E::zero(); tensor.shape().num_elements()];
            let slots = (0..self.slots).map(zeros).collect();
            self.tensors.push(TensorState { name, step: 0, slots });
        }
        Ok(None)
    }
}

/// Takes the step.
struct Update<'a, E: Element, D: Backend<E>, F> {
    optimizer_of: F,
    tensors: std::iter::Enumerate<std::slice::IterMut<'a, TensorState<E>>>,
    gradients: &'a mut Gradients<E, D>,
    tables: &'a mut Tables<E>,
}

impl<'o, E, D, F, O> TensorVisitor<E, D> for Update<'_, E, D, F>
where
    E: Element,
    D: Backend<E>,
    F: Fn(usize) -> Option<&'o O>,
    O: Optimizer + 'o,
{
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, D::Err> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let (index, state) = self.tensors.next().ok_or_else(D::size_error)?;
        let elements = tensor.shape().num_elements();
        if state.slots.iter().any(|slot| slot.len() != elements) {
            return Err(D::size_error());
        }
        let Some(optimizer) = (self.optimizer_of)(index) else { return Ok(None) };
        state.step += 1;
        if D::edit(tensor, |weights| self.tables.step(index, optimizer, state, weights)) {
            return Ok(None);
        }
        // Taken out, because the gradients and the tensor cannot be borrowed in one another.
        let gradient = D::take_gradient(self.gradients, tensor)?;
        D::edit(tensor, |weights| {
            optimizer.update(state.step, weights, &gradient, &mut state.slots);
        });
        D::restore_gradient(self.gradients, tensor, gradient)?;
        Ok(None)
    }
}
