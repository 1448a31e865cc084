//! Rows of sharded tables that were fetched for a batch.

use std::cell::RefCell;

use dfdx::tensor::UniqueId;
use multi_input_kernel::Element;

use crate::current::{self, Current};

/// The rows of a table that a batch looks up, and the gradients that a pass adds to them.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchedTable<E> {
    /// In ascending order.
    rows: Vec<usize>,
    width: usize,
    weights: Vec<E>,
    /// Empty until something is looked up.
    gradient: Vec<E>,
    /// For each row whether the current pass has looked it up.
    in_pass: Vec<bool>,
}

/// The fetched rows of several tables, each by the id of the tensor with the rows held.
pub type FetchedTables<E> = Vec<(UniqueId, FetchedTable<E>)>;

impl<E: Element> FetchedTable<E> {
    /// The rows with these numbers, in ascending order and each once, and their weights.
    pub fn new(rows: Vec<usize>, weights: Vec<E>) -> FetchedTable<E> {
        debug_assert!(rows.is_sorted_by(|before, after| before < after));
        let width = weights.len() / rows.len().max(1);
        let in_pass = vec![false; rows.len()];
        FetchedTable { rows, width, weights, gradient: Vec::new(), in_pass }
    }

    /// Passes the position of each index and its row to `read`. Returns whether all of them were
    /// fetched.
    fn look_up(&mut self, indices: &[usize], mut read: impl FnMut(usize, &[E])) -> bool {
        self.gradient.resize(self.weights.len(), E::zero());
        for (position, row) in indices.iter().enumerate() {
            let Ok(index) = self.rows.binary_search(row) else { return false };
            self.in_pass[index] = true;
            read(position, &self.weights[index * self.width..][..self.width]);
        }
        true
    }

    /// Passes the position of each index and the gradient of its row to `add`.
    fn add_gradient(&mut self, indices: &[usize], mut add: impl FnMut(usize, &mut [E])) {
        for (position, row) in indices.iter().enumerate() {
            if let Ok(index) = self.rows.binary_search(row) {
                add(position, &mut self.gradient[index * self.width..][..self.width]);
            }
        }
    }

    /// Takes the rows that were looked up since the last call, with their gradients.
    pub fn take_gradient(&mut self) -> (Vec<usize>, Vec<E>) {
        let (mut rows, mut gradient) = (Vec::new(), Vec::new());
        for (index, in_pass) in self.in_pass.iter_mut().enumerate() {
            if std::mem::take(in_pass) {
                rows.push(self.rows[index]);
                let of_row = &mut self.gradient[index * self.width..][..self.width];
                gradient.extend_from_slice(of_row);
                of_row.fill(E::zero());
            }
        }
        (rows, gradient)
    }
}

thread_local! {
    /// The [`FetchedTables`] of the current pass, of any dtype.
    static CURRENT: Current = RefCell::new(Box::new(()));
}

/// Calls `work`, passes of a batch, with these rows.
pub fn scope<E: Element, R>(fetched: &mut FetchedTables<E>, work: impl FnOnce() -> R) -> R {
    current::scope(&CURRENT, fetched, work)
}

/// The result of `work` on the rows that were fetched of the table `id`.
fn with<E: Element, R>(id: UniqueId, work: impl FnOnce(&mut FetchedTable<E>) -> R) -> Option<R> {
    let of_table = |all: &mut FetchedTables<E>| {
        all.iter_mut().find(|(known, _)| *known == id).map(|(_, table)| work(table))
    };
    current::with(&CURRENT, of_table).flatten()
}

/// Passes the position of each index and its row to `read`. Returns whether all of them were fetched.
pub(crate) fn look_up<E: Element>(
    table: UniqueId,
    indices: &[usize],
    read: impl FnMut(usize, &[E]),
) -> bool {
    with(table, |table| table.look_up(indices, read)).unwrap_or(false)
}

/// Passes the position of each index and the gradient of its row to `add`.
pub(crate) fn add_gradient<E: Element>(
    table: UniqueId,
    indices: &[usize],
    add: impl FnMut(usize, &mut [E]),
) {
    with(table, |table| table.add_gradient(indices, add));
}
