//! The gradients of a step, tensor by tensor.

use dfdx::tensor::{Gradients, OwnedTape, SplitTape, Trace};
use multi_input_kernel::{sweep, Backend, Element};
use multi_input_nn::{parameters::Role, sparse::Tables};

use crate::untyped::AnyModule;

/// The gradients by the tensors that are trained. Between the backward passes they lie here, in the
/// order of the tensors, where clipping and the optimizer work on plain slices; dfdx has them while a
/// tape records and runs back.
pub(super) struct StepGradients<E> {
    /// Empty for a table that rests: its rows have their own.
    tensors: Vec<Vec<E>>,
}

impl<E: Element> StepGradients<E> {
    /// None yet, of so many tensors.
    pub(super) fn new(tensors: usize) -> StepGradients<E> {
        StepGradients { tensors: vec![Vec::new(); tensors] }
    }

    /// Takes them from dfdx after a backward pass.
    pub(super) fn take<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        gradients: &mut Gradients<E, D>,
        tables: &mut Tables<E>,
    ) -> Result<(), D::Err> {
        self.each_dense(module, tables, |own, tensor| D::swap_gradient(gradients, tensor, own))
    }

    /// Gives them to dfdx, set back to zero, and makes a tape on them. In the first step each is made
    /// when something is added to it.
    pub(super) fn tape<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        gradients: Option<Gradients<E, D>>,
        tables: &mut Tables<E>,
        device: &D,
    ) -> Result<OwnedTape<E, D>, D::Err> {
        let gradients = match gradients {
            Some(mut gradients) => {
                self.each(tables, |_, gradient| sweep::clear(gradient));
                self.each_dense(module, tables, |own, tensor| {
                    D::swap_gradient(&mut gradients, tensor, own)
                })?;
                gradients
            }
            None => {
                let mut none = Gradients::leaky();
                none.retain_leafs(&tables.ids());
                none
            }
        };
        let carrier = device.try_tensor_from_vec(device.acquire_zeroed(1)?, ())?;
        Ok(carrier.traced(gradients).split_tape().1)
    }

    /// Hands every tensor that has a dense gradient to `edit`, with the gradient.
    fn each_dense<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        tables: &mut Tables<E>,
        mut edit: impl FnMut(
            &mut Vec<E>,
            &mut dyn multi_input_kernel::AnyTensor<E, D>,
        ) -> Result<(), D::Err>,
    ) -> Result<(), D::Err> {
        let mut own = self.tensors.iter_mut().enumerate();
        module.visit_mut(&mut |role, tensor| {
            if role == Role::Fixed {
                return Ok(());
            }
            let (index, own) = own.next().ok_or_else(D::size_error)?;
            match tables.get(index) {
                Some(_) => Ok(()),
                None => edit(own, tensor),
            }
        })
    }

    /// Hands every gradient to `edit`, with the place of its tensor: of tables that rest the gradients
    /// of the rows that were looked up, the others being zero.
    pub(super) fn each(&mut self, tables: &mut Tables<E>, mut edit: impl FnMut(usize, &mut [E])) {
        for (index, own) in self.tensors.iter_mut().enumerate() {
            match tables.get(index) {
                Some(table) => edit(index, table.gradient()),
                None => edit(index, own),
            }
        }
    }

    /// The gradient by a tensor that does not rest.
    pub(super) fn of(&self, tensor: usize) -> &[E] {
        &self.tensors[tensor]
    }
}
