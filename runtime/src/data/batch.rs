//! A batch: rows of a table as tensors.

use dfdx::{
    shapes::{Const, Shape},
    tensor::Tensor,
};
use multi_input_data::{Table, Values};
use multi_input_kernel::{
    sweep::{gather, gather_indices},
    Backend, Element,
};
use multi_input_nn::layer::Mask;

/// Rows of a table that are computed in one forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    table: &'a Table,
    rows: &'a [usize],
}

impl<'a> Batch<'a> {
    /// The rows with the given numbers, in this order. All numbers must be in the table.
    pub fn new(table: &'a Table, rows: &'a [usize]) -> Batch<'a> {
        debug_assert!(rows.iter().all(|&row| row < table.rows));
        Batch { table, rows }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The numbers of a column as a tensor of `shape`, which starts with the number of rows.
    ///
    /// # Errors
    /// The device's, if the column does not hold numbers of that shape.
    pub fn numbers<S: Shape, E: Element, D: Backend<E>>(
        &self,
        column: usize,
        shape: S,
        device: &D,
    ) -> Result<Tensor<S, E, D>, D::Err> {
        let Some(column) = self.table.columns.get(column) else { return Err(D::size_error()) };
        let Values::Numbers(numbers) = &*column.values else { return Err(D::size_error()) };
        let width = column.width;
        let mut gathered = device.acquire_zeroed(self.rows.len() * width)?;
        gather(numbers, width, self.rows, &mut gathered);
        device.try_tensor_from_vec(gathered, shape)
    }

    /// The category indices of a column as a tensor of `shape`, which starts with the number of
    /// rows.
    ///
    /// # Errors
    /// The device's, if the column does not hold categories of that shape.
    pub fn categories<S: Shape, E: Element, D: Backend<E>>(
        &self,
        column: usize,
        shape: S,
        device: &D,
    ) -> Result<Tensor<S, usize, D>, D::Err> {
        let Some(column) = self.table.columns.get(column) else { return Err(D::size_error()) };
        let Values::Categories(categories) = &*column.values else { return Err(D::size_error()) };
        let width = column.width;
        let mut gathered = device.acquire_indices(self.rows.len() * width)?;
        gather_indices(categories, width, self.rows, &mut gathered);
        device.try_tensor_from_vec(gathered, shape)
    }

    /// The mask of a column of padded lists, of `steps` values in each row.
    ///
    /// # Errors
    /// The device's, if the column holds no padded lists.
    pub fn mask<E: Element, D: Backend<E>>(
        &self,
        column: usize,
        steps: usize,
    ) -> Result<Mask, D::Err> {
        let column = self.table.columns.get(column);
        let lengths =
            column.and_then(|column| column.lengths.as_ref()).ok_or_else(D::size_error)?;
        let of_rows = self.rows.iter().map(|&row| lengths.of_rows[row] as usize);
        Ok(Mask::of_lengths(of_rows, steps, lengths.padded_before))
    }

    /// Calls `take` with the row's index in the batch and every category index of present rows, with
    /// or without the padding of lists; not at all if the column holds no categories.
    pub(crate) fn each_category(
        &self,
        column: usize,
        with_padding: bool,
        mut take: impl FnMut(usize, usize),
    ) {
        let Some(column) = self.table.columns.get(column) else { return };
        let Values::Categories(categories) = &*column.values else { return };
        for (index, &row) in
            self.rows.iter().enumerate().filter(|(_, row)| column.is_present(**row))
        {
            let mut indices = &categories[row * column.width..][..column.width];
            if let Some(lengths) = column.lengths.as_ref().filter(|_| !with_padding) {
                indices = &indices[lengths.values_of(row, column.width)];
            }
            indices.iter().for_each(|&category| take(index, category as usize));
        }
    }

    /// Calls `take` with every index that a layer may look up: those of [`categories`](Batch::categories),
    /// and 0 where rows are absent, which become zeros before their branch.
    pub(crate) fn each_index(&self, column: usize, mut take: impl FnMut(usize)) {
        let Some(column) = self.table.columns.get(column) else { return };
        let Values::Categories(categories) = &*column.values else { return };
        for &row in self.rows {
            let indices = &categories[row * column.width..][..column.width];
            indices.iter().for_each(|&category| take(category as usize));
        }
        if !self.rows.iter().all(|&row| column.is_present(row)) {
            take(0);
        }
    }

    /// Whether the row at an index of the batch has a value in a column.
    pub(crate) fn is_present(&self, column: usize, index: usize) -> bool {
        let column = self.table.columns.get(column);
        column.is_none_or(|column| column.is_present(self.rows[index]))
    }

    /// A tensor of shape (batch, 1): 1 for rows with a value in the column and 0 for absent ones;
    /// all ones if the column is not optional.
    ///
    /// # Errors
    /// The device's.
    pub fn present<E: Element, D: Backend<E>>(
        &self,
        column: usize,
        device: &D,
    ) -> Result<Tensor<(usize, Const<1>), E, D>, D::Err> {
        let Some(column) = self.table.columns.get(column) else { return Err(D::size_error()) };
        let mut flags = device.acquire_zeroed(self.rows.len())?;
        for (flag, &row) in flags.iter_mut().zip(self.rows) {
            *flag = if column.is_present(row) { E::one() } else { E::zero() };
        }
        device.try_tensor_from_vec(flags, (self.rows.len(), Const))
    }
}
