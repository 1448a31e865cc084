//! The rows of an embedding table that a batch looks up.

use std::rc::Rc;

use dfdx::tensor::UniqueId;

use crate::{
    operation::*,
    sharded::{self, TableDim},
    sparse::{self, LookUp},
    tensor::*,
};

/// The rows of a table that a batch looks up: from a sparse table in a training run, from the rows that
/// were fetched where others hold some, else from the tensor. The table is the first input of the
/// operation.
#[derive(Clone)]
pub(super) struct TableRows {
    indices: Rc<[usize]>,
    /// The largest number of indices of a sample.
    max_per_sample: usize,
    /// The number of rows of the whole table.
    rows: usize,
    /// The number of columns of the table.
    width: usize,
    /// The identity of the table.
    table: UniqueId,
    /// Whether a gradient may be wanted.
    is_traced: bool,
}

impl TableRows {
    /// The rows of `table` at `indices`, of which a sample has at most `max_per_sample`.
    pub(super) fn of<R: TableDim, const M: usize, E: Element, D: Backend<E>, T: Tape<E, D>>(
        table: &Tensor<(R, Const<M>), E, D>,
        indices: Rc<[usize]>,
        max_per_sample: usize,
    ) -> TableRows {
        TableRows {
            indices,
            max_per_sample,
            rows: R::SIZE,
            width: M,
            table: id(table),
            is_traced: T::OWNS_TAPE,
        }
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
        if self.indices.iter().any(|index| *index >= self.rows) {
            return Err(OperationError::Size);
        }
        if weight.len() < self.rows * width {
            let fetched = sharded::look_up(self.table, &self.indices, read);
            return fetched.map(LookUp::Fetched).ok_or(OperationError::NotFetched);
        }
        let look_up = match self.is_traced {
            // Only a training run has sparse tables.
            true => {
                let indices = (&*self.indices, self.max_per_sample);
                sparse::look_up(self.table, (weight, width), indices, &mut read)
            }
            false => LookUp::NotTrained,
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
            LookUp::Fetched(positions) => {
                sharded::add_gradient(self.table, &positions, &mut add);
                Ok(())
            }
            LookUp::Sparse => {
                sparse::add_gradient(self.table, &self.indices, &mut add);
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
