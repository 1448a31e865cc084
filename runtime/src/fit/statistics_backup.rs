//! A backup of the running statistics, to undo a failed step.

use multi_input_base::Result;
use multi_input_kernel::{sweep, Backend, Element};
use multi_input_nn::parameters::Role;

use crate::untyped::{parameters, AnyModule};

/// A copy of the untrained tensors that a forward pass changes, such as the running statistics of
/// BatchNorm. Tensors of frozen branches do not change and are not copied.
pub(super) struct StatisticsBackup<E> {
    /// For each untrained tensor, whether it is copied.
    changes: Vec<bool>,
    copies: Vec<Vec<E>>,
}

impl<E: Element> StatisticsBackup<E> {
    pub(super) fn new(changes: Vec<bool>) -> StatisticsBackup<E> {
        let copies = vec![Vec::new(); changes.len()];
        StatisticsBackup { changes, copies }
    }

    /// Copies the tensors.
    pub(super) fn copy<D: Backend<E>>(&mut self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        if !self.changes.contains(&true) {
            return Ok(());
        }
        let StatisticsBackup { changes, copies } = self;
        parameters::edit_role(module, Role::Fixed, |index, values| {
            if changes[index] {
                copies[index].clear();
                copies[index].extend_from_slice(values);
            }
        })
    }

    /// The index of the first tensor, among the untrained ones, that is not finite and was finite when it
    /// was copied.
    pub(super) fn first_infinite<D: Backend<E>>(
        &self,
        module: &mut dyn AnyModule<E, D>,
    ) -> Result<Option<usize>> {
        let mut found = None;
        if self.changes.contains(&true) {
            parameters::edit_role(module, Role::Fixed, |index, values| {
                let is_infinite = |values: &[E]| !sweep::all_finite(values);
                let is_new = || is_infinite(values) && !is_infinite(&self.copies[index]);
                if found.is_none() && self.changes[index] && is_new() {
                    found = Some(index);
                }
            })?;
        }
        Ok(found)
    }

    /// Restores the copies.
    pub(super) fn restore<D: Backend<E>>(&self, module: &mut dyn AnyModule<E, D>) -> Result<()> {
        parameters::edit_role(module, Role::Fixed, |index, values| {
            if self.changes[index] {
                values.copy_from_slice(&self.copies[index]);
            }
        })
    }
}
