//! A module without its type.

use dfdx::{
    nn::BuildOnDevice,
    tensor::{HasErr, OwnedTape},
};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{
    layer::RngKey,
    parameters::{Visit, VisitMut},
    Penalties,
};

use crate::{
    data::Batch,
    definition::{Differentiable, Graph, Head, Network, Traced},
};

/// The result of a forward pass in training: the heads, and the tape for the backward pass.
pub(crate) type Trained<E, D> = Result<(Vec<Head<E, D>>, OwnedTape<E, D>), <D as HasErr>::Err>;

/// A module as a trait object: its forward passes, its tensors, and its graph as data.
///
/// Generated code implements it through [`Network`]. Training, evaluation and saving are written
/// against this trait, so they are compiled once and not for every model.
pub trait AnyModule<E: Element, D: Backend<E>> {
    /// Nodes, layers and shapes.
    fn graph(&self) -> &'static Graph;

    /// [`Network::predict`].
    ///
    /// # Errors
    /// The device's.
    fn predict(&self, rows: &Batch<'_>, device: &D) -> Result<Vec<Head<E, D>>, D::Err>;

    /// [`Network::training_heads`].
    ///
    /// # Errors
    /// The device's.
    fn train(&mut self, rows: &Batch<'_>, device: &D, tape: OwnedTape<E, D>) -> Trained<E, D>;

    /// [`Network::penalize`].
    ///
    /// # Errors
    /// The device's.
    fn penalize(&self, penalties: &mut Penalties<E, D>) -> Result<(), D::Err>;

    /// [`Network::set_rng_key`].
    fn set_rng_key(&mut self, key: RngKey);

    /// [`Network::set_frozen`].
    fn set_frozen(&mut self, frozen: &dyn Fn(&str) -> bool);

    /// Calls `visitor` with every tensor.
    fn visit(&self, visitor: &mut Visit<'_, E>);

    /// Calls `change` with every tensor, in the order of [`visit`](AnyModule::visit).
    ///
    /// # Errors
    /// The device's, and those of `change`.
    fn visit_mut(&mut self, change: &mut VisitMut<'_, E, D>) -> Result<(), D::Err>;
}

/// A module whose heads can be differentiated with respect to the inputs, as a trait object.
pub trait AnyDifferentiable<E: Element, D: Backend<E>> {
    /// [`Differentiable::trace`].
    ///
    /// # Errors
    /// The device's.
    fn trace(
        &self,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<Traced<E, D>, D::Err>;
}

impl<M: Differentiable<E, D>, E: Element, D: Backend<E>> AnyDifferentiable<E, D>
    for Typed<M, E, D>
{
    fn trace(
        &self,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<Traced<E, D>, D::Err> {
        M::trace(&self.0, rows, device, tape)
    }
}

/// The module of a definition.
pub(crate) struct Typed<M: BuildOnDevice<D, E>, E: Element, D: Backend<E>>(pub(crate) M::Built);

impl<M: Network<E, D>, E: Element, D: Backend<E>> AnyModule<E, D> for Typed<M, E, D> {
    fn graph(&self) -> &'static Graph {
        &M::GRAPH
    }

    fn predict(&self, rows: &Batch<'_>, device: &D) -> Result<Vec<Head<E, D>>, D::Err> {
        M::predict(&self.0, rows, device)
    }

    fn train(&mut self, rows: &Batch<'_>, device: &D, tape: OwnedTape<E, D>) -> Trained<E, D> {
        M::training_heads(&mut self.0, rows, device, tape)
    }

    fn penalize(&self, penalties: &mut Penalties<E, D>) -> Result<(), D::Err> {
        M::penalize(&self.0, penalties)
    }

    fn set_rng_key(&mut self, key: RngKey) {
        M::set_rng_key(&mut self.0, key);
    }

    fn set_frozen(&mut self, frozen: &dyn Fn(&str) -> bool) {
        M::set_frozen(&mut self.0, frozen);
    }

    fn visit(&self, visitor: &mut Visit<'_, E>) {
        multi_input_nn::parameters::visit(&self.0, visitor);
    }

    fn visit_mut(&mut self, change: &mut VisitMut<'_, E, D>) -> Result<(), D::Err> {
        multi_input_nn::parameters::visit_mut(&mut self.0, change)
    }
}
