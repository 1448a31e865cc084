//! Tables of which a step touches only the rows that its batch looks up.
//!
//! The dense formula changes every row of an embedding in every step: a gradient of zero still moves
//! a weight that has momentum. For a large table that is nearly all of a step's time and memory. So
//! a row that no batch looks up *rests*, and takes the steps that it owes when it is looked up next,
//! or when the table is read as a whole ([`Optimizer::catch_up`](crate::optim::Optimizer::catch_up)).
//! What comes of it is a function of the row as it was left, the number of the step and the steps'
//! learning rates, so it does not matter how often somebody looks. Of the steps no more are
//! remembered than the table has rows: then all rows catch up, at a step that the run alone decides.
//!
//! Which tables rest is decided here alone ([`Tables::new`] and `rests`), by the model, the
//! settings and shapes: never by times, so that the bits are the same on every machine.
//!
//! The generated forward has dfdx's signature, which has no room for these; so while a batch goes
//! there and back they stand beside the thread ([`lend`]), where `Embedding` finds them.

mod saved;
mod table;

use std::{any::Any, cell::RefCell, rc::Rc};

use dfdx::tensor::UniqueId;

pub use saved::{holds_table, SavedState};
pub use table::{Raw, Table};

use multi_input_kernel::PendingSteps;

use crate::{
    optim::{AnyOptimizer, TensorState},
    tensor::*,
};

/// How many rows a table has for every row that a batch looks up, at least, for it to rest: below
/// that, one pass over the whole table takes less time than finding the rows and what they owe.
const ROWS_FOR_A_LOOK_UP: usize = 64;

/// Whether a table of so many rows rests where a batch looks up at most so many.
fn rests(rows: usize, looked_up: usize) -> bool {
    rows / ROWS_FOR_A_LOOK_UP >= looked_up && u32::try_from(rows).is_ok()
}

/// The optimizer's [`catch_up`](crate::optim::Optimizer::catch_up), whatever the optimizer.
type CatchUp<E> = Rc<dyn Fn(&PendingSteps<'_>, &mut [E], &mut [Vec<E>])>;

/// The tensors of a run that are trained, in their order, and how each of them is.
#[derive(Default)]
pub struct Tables<E> {
    tensors: Vec<(UniqueId, Kind<E>)>,
    batch_size: usize,
    slots: usize,
    catch_up: Option<CatchUp<E>>,
}

/// How a trained tensor takes its steps.
enum Kind<E> {
    /// All of it at once.
    Whole,
    /// Nobody has looked anything up in it yet; it has taken so many steps.
    Unused(u64),
    /// Row by row.
    Rows(Box<Table<E>>),
}

/// What became of a look-up.
pub enum LookUp {
    /// The tensor is not trained: it needs no gradient.
    Still,
    /// The tensor takes its steps as a whole; the caller reads it and adds to its gradient.
    Whole,
    /// The rows have been read, and their gradient goes to `add_gradient`.
    Rows,
}

impl<E: Element> Tables<E> {
    /// For the tensors with the given ids, of which those rest that `may_rest` says and that turn
    /// out to be large, where the optimizer can take many steps at once.
    pub fn new(
        ids: Vec<UniqueId>,
        may_rest: impl Fn(usize) -> bool,
        optimizer: &dyn AnyOptimizer,
        batch_size: usize,
    ) -> Tables<E> {
        let can = optimizer.step_size(1).is_some();
        let kind = |index| if can && may_rest(index) { Kind::Unused(0) } else { Kind::Whole };
        let tensors = ids.into_iter().enumerate().map(|(index, id)| (id, kind(index))).collect();
        let slots = optimizer.slots().len();
        let optimizer = optimizer.clone_boxed();
        let catch_up: CatchUp<E> = Rc::new(move |pending, weights, slots| {
            optimizer.on::<E>().catch_up(pending, weights, slots)
        });
        Tables { tensors, batch_size, slots, catch_up: Some(catch_up) }
    }

    /// The ids of all tensors.
    pub fn ids(&self) -> Vec<UniqueId> {
        self.tensors.iter().map(|(id, _)| *id).collect()
    }

    /// The table at a place, where that rests.
    pub fn get(&mut self, index: usize) -> Option<&mut Table<E>> {
        match self.tensors.get_mut(index) {
            Some((_, Kind::Rows(table))) => Some(table),
            _ => None,
        }
    }

    /// The optimizer's next step on the rows of the table at `index`; `false` where the tensor
    /// takes it as a whole.
    pub fn step(
        &mut self,
        index: usize,
        optimizer: &dyn AnyOptimizer,
        state: &mut TensorState<E>,
        weights: &mut [E],
    ) -> bool {
        match self.tensors.get_mut(index) {
            Some((_, Kind::Rows(table))) => {
                // They were zeros, and the table keeps those of its rows.
                state.slots.clear();
                table.step(state.step, optimizer, weights);
                true
            }
            Some((_, Kind::Unused(steps))) => {
                *steps = state.step;
                false
            }
            _ => false,
        }
    }

    /// Reads the rows that a batch names, at most `each` for a sample, of the tensor `id`.
    fn look_up(
        &mut self,
        id: UniqueId,
        (weights, width): (&[E], usize),
        (indices, each): (&[usize], usize),
        output: &mut [E],
    ) -> LookUp {
        if self.catch_up.is_none() {
            // Outside of a run.
            return LookUp::Whole;
        }
        let Some((_, kind)) = self.tensors.iter_mut().find(|(known, _)| *known == id) else {
            return LookUp::Still;
        };
        if let (Kind::Unused(steps), Some(catch_up)) = (&*kind, &self.catch_up) {
            let rows = weights.len() / width.max(1);
            *kind = match rests(rows, each.saturating_mul(self.batch_size)) {
                true => Kind::Rows(Box::new(Table::new(
                    (rows, width),
                    *steps,
                    self.slots,
                    Rc::clone(catch_up),
                ))),
                false => Kind::Whole,
            };
        }
        match kind {
            Kind::Rows(table) => {
                table.look_up(weights, indices, output);
                LookUp::Rows
            }
            _ => LookUp::Whole,
        }
    }
}

thread_local! {
    /// The [`Tables`] of the batch under way, of whichever dtype; dfdx's `forward` has no room for them.
    static LENT: RefCell<Box<dyn Any>> = RefCell::new(Box::new(()));
}

/// Runs `work`, a batch's way there and back, with `tables` beside the thread.
pub fn lend<E: Element, R>(tables: &mut Tables<E>, work: impl FnOnce() -> R) -> R {
    /// Takes them back, after a panic too.
    struct Back<'a, E: Element>(&'a mut Tables<E>);
    impl<E: Element> Drop for Back<'_, E> {
        fn drop(&mut self) {
            if let Ok(tables) = LENT.replace(Box::new(())).downcast() {
                *self.0 = *tables;
            }
        }
    }
    LENT.replace(Box::new(std::mem::take(tables)));
    let _back = Back(tables);
    work()
}

/// Reads the rows that `indices` name, of which a sample of the batch has `each`, into `output`: from
/// `weights`, those of the tensor `table`, and what is known of its rows.
pub fn look_up<E: Element>(
    table: UniqueId,
    (weights, width): (&[E], usize),
    (indices, each): (&[usize], usize),
    output: &mut [E],
) -> LookUp {
    LENT.with_borrow_mut(|lent| match lent.downcast_mut::<Tables<E>>() {
        Some(tables) => tables.look_up(table, (weights, width), (indices, each), output),
        // Outside of a run.
        None => LookUp::Whole,
    })
}

/// Adds what came back to the gradients of the rows that `indices` name.
pub(crate) fn add_gradient<E: Element>(table: UniqueId, indices: &[usize], grads: &[E]) {
    LENT.with_borrow_mut(|lent| {
        let Some(tables) = lent.downcast_mut::<Tables<E>>() else { return };
        let found = tables.tensors.iter_mut().find(|(known, _)| *known == table);
        if let Some((_, Kind::Rows(table))) = found {
            table.add_gradient(indices, grads);
        }
    });
}

#[cfg(test)]
mod tests;
