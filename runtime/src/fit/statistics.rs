//! What a step moves besides the weights, so that a step that fails can be taken back.

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::Role;

use crate::untyped::{parameters, AnyModule};

/// A copy of the tensors that are not trained but may move, as the running statistics of BatchNorm
/// do. Frozen branches move nothing and are left out.
pub(super) struct KeptStatistics<E> {
    /// Whether each of the tensors that are not trained is copied.
    moves: Vec<bool>,
    kept: Vec<Vec<E>>,
}

impl<E: Element> KeptStatistics<E> {
    pub(super) fn new(moves: Vec<bool>) -> KeptStatistics<E> {
        let kept = vec![Vec::new(); moves.len()];
        KeptStatistics { moves, kept }
    }

    /// Copies them.
    pub(super) fn keep<D: Backend<E>>(&mut self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        if !self.moves.contains(&true) {
            return Ok(());
        }
        let KeptStatistics { moves, kept } = self;
        parameters::edit_role(module, Role::Fixed, |index, values| {
            if moves[index] {
                kept[index].clear();
                kept[index].extend_from_slice(values);
            }
        })
    }

    /// Puts the copies back.
    pub(super) fn put_back<D: Backend<E>>(&self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        parameters::edit_role(module, Role::Fixed, |index, values| {
            if self.moves[index] {
                values.copy_from_slice(&self.kept[index]);
            }
        })
    }
}
