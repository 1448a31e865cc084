//! Embedding tables with sparse updates: a step reads and changes only the rows that its batch
//! looks up.
//!
//! The dense formula changes every row of an embedding in every step, because a gradient of zero
//! still moves a weight that has momentum. For a large table these updates would take nearly all
//! time and memory of a step. The updates of a row that no batch looks up are therefore *deferred*:
//! they are applied when the row is looked up next, or when the whole table is read
//! ([`Optimizer::catch_up`](crate::optim::Optimizer::catch_up)). A deferred update depends only on
//! the row's last state, the number of the step and the learning rates of the steps since, so the
//! result does not depend on when it is applied. The log of steps is bounded by the number of rows:
//! when it is full all rows catch up, at a step that depends only on the run.
//!
//! [`Tables::new`] and `is_sparse` decide which tables are sparse, by the model, the settings and
//! shapes and never by measured times, so that the bits are the same on every machine.
//!
//! The generated forward has dfdx's signature, which has no argument for the tables. During the
//! forward and backward pass of a batch they are in a thread-local variable ([`scope`]), where
//! `Embedding` and `EmbeddingBag` find them.

mod saved;
mod table;

use std::{cell::RefCell, rc::Rc};

use dfdx::tensor::UniqueId;

pub use saved::{
    holds_table, key_of_table, name_of_table, SavedOf, SavedState, StateToSave, DECAYS, PENDING,
    ROWS, SIZES, TABLE,
};
pub use table::{RawWeights, Table};

use multi_input_kernel::PendingSteps;

use crate::{
    current::{self, Current},
    optim::{AnyOptimizer, TensorState},
    tensor::*,
};

/// The smallest ratio of table rows to looked-up rows of a batch for which a table is sparse. Below
/// it, one pass over the whole table is faster than finding the rows and their deferred updates.
const MIN_ROWS_PER_LOOK_UP: usize = 64;

/// Whether a table of `rows` rows is sparse where a batch looks up at most `looked_up` rows.
fn is_sparse(rows: usize, looked_up: usize) -> bool {
    rows / MIN_ROWS_PER_LOOK_UP >= looked_up && u32::try_from(rows).is_ok()
}

/// The [`catch_up`](crate::optim::Optimizer::catch_up) of the optimizer.
type CatchUp<E> = Rc<dyn Fn(&PendingSteps<'_>, &mut [E], &mut [Vec<E>])>;

/// The trained tensors of a run in their order, each with its kind of update.
#[derive(Default)]
pub struct Tables<E> {
    tensors: Vec<(UniqueId, Kind<E>)>,
    batch_size: usize,
    slots: usize,
    catch_up: Option<CatchUp<E>>,
}

/// The kind of a tensor's updates.
enum Kind<E> {
    /// Every step updates the whole tensor.
    Dense,
    /// A tensor without a look-up so far, after this number of steps.
    Unused(u64),
    /// A step updates the rows that were looked up.
    Sparse(Box<Table<E>>),
}

/// Whether a tensor has sparse updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sparsity {
    /// It has not.
    Never,
    /// If it is large enough for the look-ups of a batch.
    IfLarge,
    /// It has, because it is a sharded table of `rows` rows, of which the tensor holds those of a
    /// share: `held` are their number and their width.
    Sharded {
        /// The number of rows that are held, and their width.
        held: (usize, usize),
        /// The number of rows of the whole table.
        rows: usize,
    },
}

/// How a tensor is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updates {
    /// The first look-up decides.
    Unknown,
    /// The whole tensor in every step.
    Dense,
    /// The rows that are looked up.
    Sparse,
}

/// The result of a look-up.
pub enum LookUp {
    /// The tensor is not trained and needs no gradient.
    NotTrained,
    /// The tensor has dense updates: the caller reads the rows and adds to the gradient of the
    /// tensor.
    Dense,
    /// The rows were fetched for the batch, among which they have these positions:
    /// `sharded::add_gradient` adds to their gradient.
    Fetched(Rc<[u32]>),
    /// The tensor is sparse: the rows have been read, and `add_gradient` adds to their gradient.
    Sparse,
}

impl<E: Element> Tables<E> {
    /// The tensors with the given ids, with the updates of `sparsity` by their index, if the
    /// optimizer supports [`catch_up`](crate::optim::Optimizer::catch_up).
    pub fn new(
        ids: Vec<UniqueId>,
        sparsity: impl Fn(usize) -> Sparsity,
        optimizer: &dyn AnyOptimizer,
        batch_size: usize,
    ) -> Tables<E> {
        let can_catch_up = optimizer.step_size(1).is_some();
        let slots = optimizer.slots().len();
        let optimizer = optimizer.clone_boxed();
        let catch_up: CatchUp<E> = Rc::new(move |pending, weights, slots| {
            optimizer.on::<E>().catch_up(pending, weights, slots)
        });
        let kind = |index| match sparsity(index) {
            _ if !can_catch_up => Kind::Dense,
            Sparsity::Never => Kind::Dense,
            Sparsity::IfLarge => Kind::Unused(0),
            Sparsity::Sharded { held, rows } => {
                let table = Table::new(held, 0, slots, Rc::clone(&catch_up));
                Kind::Sparse(Box::new(table.sharded(rows)))
            }
        };
        let tensors = ids.into_iter().enumerate().map(|(index, id)| (id, kind(index))).collect();
        Tables { tensors, batch_size, slots, catch_up: Some(catch_up) }
    }

    /// The ids of all tensors.
    pub fn ids(&self) -> Vec<UniqueId> {
        self.tensors.iter().map(|(id, _)| *id).collect()
    }

    /// The table at `index`, or `None` where the tensor is not sparse.
    pub fn get(&mut self, index: usize) -> Option<&mut Table<E>> {
        match self.tensors.get_mut(index) {
            Some((_, Kind::Sparse(table))) => Some(table),
            _ => None,
        }
    }

    /// How the tensor at `index` is updated, as far as it is known.
    pub fn updates(&self, index: usize) -> Updates {
        match self.tensors.get(index) {
            Some((_, Kind::Unused(_))) => Updates::Unknown,
            Some((_, Kind::Sparse(_))) => Updates::Sparse,
            _ => Updates::Dense,
        }
    }

    /// Decides about a tensor of `rows` by `width` without a look-up so far as a look-up elsewhere
    /// has decided: on another rank of a cluster, which has seen other rows.
    pub fn decide(&mut self, index: usize, updates: Updates, (rows, width): (usize, usize)) {
        let Some((_, kind)) = self.tensors.get_mut(index) else { return };
        let (&mut Kind::Unused(steps), Some(catch_up)) = (&mut *kind, &self.catch_up) else {
            return;
        };
        *kind = match updates {
            Updates::Unknown => return,
            Updates::Dense => Kind::Dense,
            Updates::Sparse => {
                let catch_up = Rc::clone(catch_up);
                Kind::Sparse(Box::new(Table::new((rows, width), steps, self.slots, catch_up)))
            }
        };
    }

    /// The optimizer's next step on the rows of the table at `index`. Returns whether their new
    /// weights are finite, or `None`, without a step, where the tensor has dense updates.
    pub fn step(
        &mut self,
        index: usize,
        optimizer: &dyn AnyOptimizer,
        state: &mut TensorState<E>,
        weights: &mut [E],
    ) -> Option<bool> {
        match self.tensors.get_mut(index) {
            Some((_, Kind::Sparse(table))) => {
                // The dense slots were zeros; the table has the slots of its rows.
                state.slots.clear();
                Some(table.step(state.step, optimizer, weights))
            }
            Some((_, Kind::Unused(steps))) => {
                *steps = state.step;
                None
            }
            _ => None,
        }
    }

    /// Forgets what was looked up in the tensor at `index`, on which no step is taken.
    pub fn forget(&mut self, index: usize) {
        if let Some(table) = self.get(index) {
            table.take_pending();
        }
    }

    /// Passes the rows of the tensor `id` at `indices`, of which a sample has at most
    /// `max_per_sample`, to `read` if the tensor is sparse.
    fn look_up(
        &mut self,
        id: UniqueId,
        (weights, width): (&[E], usize),
        (indices, max_per_sample): (&[usize], usize),
        read: impl FnMut(usize, &[E]),
    ) -> LookUp {
        if self.catch_up.is_none() {
            // No training run.
            return LookUp::Dense;
        }
        let Some((_, kind)) = self.tensors.iter_mut().find(|(known, _)| *known == id) else {
            return LookUp::NotTrained;
        };
        if let (Kind::Unused(steps), Some(catch_up)) = (&*kind, &self.catch_up) {
            let rows = weights.len() / width.max(1);
            *kind = match is_sparse(rows, max_per_sample.saturating_mul(self.batch_size)) {
                true => Kind::Sparse(Box::new(Table::new(
                    (rows, width),
                    *steps,
                    self.slots,
                    Rc::clone(catch_up),
                ))),
                false => Kind::Dense,
            };
        }
        match kind {
            Kind::Sparse(table) => {
                table.look_up(weights, indices, read);
                LookUp::Sparse
            }
            _ => LookUp::Dense,
        }
    }
}

thread_local! {
    /// The [`Tables`] of the current batch, of any dtype.
    static CURRENT: Current = RefCell::new(Box::new(()));
}

/// Calls `work`, the forward and backward pass of a batch, with `tables` as the thread's current
/// tables.
pub fn scope<E: Element, R>(tables: &mut Tables<E>, work: impl FnOnce() -> R) -> R {
    current::scope(&CURRENT, tables, work)
}

/// Passes the positions and rows of the indices in the tensor `table`, `[rows, width]` in `weights`,
/// to `read` if the tensor is sparse. `max_per_sample` is the largest number of indices of a sample.
pub fn look_up<E: Element>(
    table: UniqueId,
    (weights, width): (&[E], usize),
    (indices, max_per_sample): (&[usize], usize),
    read: impl FnMut(usize, &[E]),
) -> LookUp {
    let found = current::with(&CURRENT, |tables: &mut Tables<E>| {
        tables.look_up(table, (weights, width), (indices, max_per_sample), read)
    });
    // Without tables there is no training run.
    found.unwrap_or(LookUp::Dense)
}

/// Passes the positions of the indices and the gradients of their rows of the sparse table to `add`.
pub(crate) fn add_gradient<E: Element>(
    table: UniqueId,
    indices: &[usize],
    add: impl FnMut(usize, &mut [E]),
) {
    current::with(&CURRENT, |tables: &mut Tables<E>| {
        let found = tables.tensors.iter_mut().find(|(known, _)| *known == table);
        if let Some((_, Kind::Sparse(table))) = found {
            table.add_gradient(indices, add);
        }
    });
}

#[cfg(test)]
mod tests;
