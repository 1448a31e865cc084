//! The rows of an embedding table that a batch looks up.

use std::rc::Rc;

use dfdx::tensor::UniqueId;

use crate::{
    operation::*,
    sparse::{self, LookUp},
    tensor::*,
};

/// The rows of a table that a batch looks up, from a sparse table in a training run, else from the
/// tensor. The table is the first input of the operation.
#[derive(Clone)]
pub(super) struct TableRows {
    indices: Rc<[usize]>,
    /// The largest number of indices of a sample.
    max_per_sample: usize,
    /// The number of columns of the table.
    width: usize,
    /// The identity of the table among the sparse tables, in training.
    table: Option<UniqueId>,
}

impl TableRows {
    /// The rows of `table` at `indices`, of which a sample has at most `max_per_sample`.
    pub(super) fn of<const N: usize, const M: usize, E: Element, D: Backend<E>, T: Tape<E, D>>(
        table: &Tensor<Rank2<N, M>, E, D>,
        indices: Rc<[usize]>,
        max_per_sample: usize,
    ) -> TableRows {
        // Only a training run has sparse tables.
        TableRows { indices, max_per_sample, width: M, table: T::OWNS_TAPE.then(|| id(table)) }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Passes the position of each index and its row to `read`. An index beyond the table is an
    /// error.
    pub(super) fn read<E: Element>(
        &self,
        weight: &[E],
        mut read: impl FnMut(usize, &[E]),
    ) -> Result<LookUp, OperationError> {
        let width = self.width;
        let count = weight.len() / width.max(1);
        if self.indices.iter().any(|index| *index >= count) {
            return Err(OperationError::Size);
        }
        let look_up = match self.table {
            Some(table) => {
                let indices = (&*self.indices, self.max_per_sample);
                sparse::look_up(table, (weight, width), indices, &mut read)
            }
            None => LookUp::NotTrained,
        };
        if !matches!(look_up, LookUp::Sparse) {
            for (position, index) in self.indices.iter().enumerate() {
                read(position, &weight[index * width..][..width]);
            }
        }
        Ok(look_up)
    }

    /// Passes the position of each index and the gradient of its row to `add`.
    pub(super) fn add_gradients<E: Element>(
        &self,
        look_up: LookUp,
        gradients: &mut InputGradients<'_, E>,
        mut add: impl FnMut(usize, &mut [E]),
    ) -> Result<(), OperationError> {
        let width = self.width;
        match look_up {
            LookUp::NotTrained => Ok(()),
            LookUp::Sparse => {
                let table = self.table.into_iter();
                table.for_each(|table| sparse::add_gradient(table, &self.indices, &mut add));
                Ok(())
            }
            LookUp::Dense => gradients.edit(0, |dw| {
                for (position, index) in self.indices.iter().enumerate() {
                    add(position, &mut dw[index * width..][..width]);
                }
            }),
        }
    }
}
