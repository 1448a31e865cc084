//! The gradients of a step, by tensor.

use dfdx::tensor::{Gradients, OwnedTape, SplitTape, Trace};
use multi_input_kernel::{sweep, Backend, Element};
use multi_input_nn::{
    optim::OptimizerState, parameters::Role, sharded::TableShare, sparse::Tables,
};

use super::branches::Branches;
use crate::{
    callback::{GradientSource, Position, ShownGradient},
    untyped::AnyModule,
};

/// The gradients of the trained tensors, in the order of the tensors. They are stored here between
/// backward passes, so that clipping and the optimizer work on slices. dfdx holds them while a tape
/// records and runs backward.
pub(super) struct StepGradients<E> {
    /// Empty for a sparse table, which holds the gradients of its rows.
    tensors: Vec<Vec<E>>,
}

impl<E: Element> StepGradients<E> {
    /// Empty gradients of `tensors` tensors.
    pub(super) fn new(tensors: usize) -> StepGradients<E> {
        StepGradients { tensors: vec![Vec::new(); tensors] }
    }

    /// Takes the gradients out of dfdx after a backward pass.
    pub(super) fn take<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        gradients: &mut Gradients<E, D>,
        tables: &mut Tables<E>,
    ) -> Result<(), D::Err> {
        self.each_dense(module, tables, |own, tensor| D::swap_gradient(gradients, tensor, own))
    }

    /// Zeroes the gradients, moves them into dfdx and makes a tape over them. In the first step
    /// dfdx allocates each gradient when something is first added to it.
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

    /// Calls `edit` with every tensor that has a dense gradient, and its gradient.
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

    /// Calls `edit` with the index of every tensor and its gradient. For a sparse table this is the
    /// gradient of the rows that were looked up; the gradient of all other rows is zero.
    pub(super) fn each(&mut self, tables: &mut Tables<E>, mut edit: impl FnMut(usize, &mut [E])) {
        for (index, own) in self.tensors.iter_mut().enumerate() {
            match tables.get(index) {
                Some(table) => edit(index, table.gradient()),
                None => edit(index, own),
            }
        }
    }

    /// The gradient of a tensor that is not a sparse table.
    pub(super) fn of(&self, tensor: usize) -> &[E] {
        &self.tensors[tensor]
    }

    /// Replaces the gradient of a tensor that is not a sparse table.
    pub(super) fn set(&mut self, tensor: usize, gradient: Vec<E>) {
        self.tensors[tensor] = gradient;
    }
}

/// The gradients of a step, for callbacks.
pub(super) struct Shown<'a, E> {
    pub(super) gradients: &'a mut StepGradients<E>,
    pub(super) tables: &'a mut Tables<E>,
    pub(super) state: &'a OptimizerState<E>,
    /// Of a divided table the shape of the whole.
    pub(super) shapes: &'a [Vec<usize>],
    /// For each tensor the share of a divided table.
    pub(super) shares: &'a [Option<TableShare>],
    pub(super) branches: &'a Branches,
    pub(super) position: Position,
}

impl<E: Element> GradientSource for Shown<'_, E> {
    fn position(&self) -> Position {
        self.position
    }

    fn tensors(&self) -> usize {
        self.shapes.len()
    }

    fn gradient(&mut self, tensor: usize) -> Option<ShownGradient<'_>> {
        self.branches.factor(tensor)?;
        let (rows, elements) = match self.tables.get(tensor) {
            Some(table) => {
                let share = self.shares[tensor].unwrap_or(TableShare::WHOLE);
                let rows = table.pending_rows().into_iter().map(|held| share.row(held));
                (Some(rows.collect()), table.gradient())
            }
            None => (None, &mut self.gradients.tensors[tensor][..]),
        };
        Some(ShownGradient {
            name: &self.state.tensors[tensor].name,
            node: self.branches.node_of(tensor),
            shape: &self.shapes[tensor],
            rows,
            elements: Box::new(elements),
        })
    }
}
