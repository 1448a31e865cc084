//! One table with sparse updates.

use std::ops::Range;

use multi_input_kernel::{pending_steps::StepLog, sweep, Element, PendingSteps};

use super::CatchUp;
use crate::optim::AnyOptimizer;

/// The smallest capacity of the step log.
const MIN_LOGGED_STEPS: usize = 1024;
/// The smallest ratio of table rows to logged steps.
const MIN_ROWS_PER_STEP: usize = 64;
/// The most entries that catch up at once.
const PORTION: usize = if cfg!(test) { 3 } else { 1 << 16 };

/// The capacity of the step log, after which all rows catch up, for a table with `looked_up` rows
/// that were ever looked up. Catching up costs at most one look-up for each of these rows, and one
/// multiplication for each weight of the others where weights decay. Spread over the logged steps,
/// this is less than one look-up in each step. The log takes less memory than the rows.
pub(super) fn max_logged_steps(rows: usize, looked_up: usize) -> usize {
    MIN_LOGGED_STEPS.max(looked_up).max(rows / MIN_ROWS_PER_STEP)
}

/// The state of all rows that were ever looked up (entries), and the rows of the current step.
///
/// The weights stay in the module, where each row has the value after its own last step.
pub struct Table<E> {
    pub(super) width: usize,
    /// For each row the index of its entry plus 1, or 0 without an entry.
    entry_of_row: Vec<u32>,
    /// The row of each entry, in the order of their first look-ups.
    pub(super) rows: Vec<u32>,
    /// The last step that was applied to the row of each entry.
    pub(super) last_step: Vec<u64>,
    /// The optimizer's slots, each with the rows of all entries.
    pub(super) slots: Vec<Vec<E>>,
    /// For each entry its index in `pending` plus 1, or 0 where the current step does not have it.
    pending_index: Vec<u32>,
    pub(super) pending: Pending<E>,
    /// As `pending_index`, of `apart`.
    apart_index: Vec<u32>,
    /// Rows that were taken out of the current step: they are up to date, should it have them again.
    apart: Pending<E>,
    pub(super) log: StepLog,
    /// The capacity of the log of a sharded table, which is the same whichever rows are held.
    log_capacity: Option<usize>,
    catch_up: CatchUp<E>,
}

/// The rows looked up since the optimizer's last step, with all deferred updates applied.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending<E> {
    /// The entry of each row.
    pub(super) entries: Vec<u32>,
    last_step: Vec<u64>,
    weights: Vec<E>,
    slots: Vec<Vec<E>>,
    gradient: Vec<E>,
}

/// A row with its optimizer state.
struct Row<'a, E, Slots> {
    /// The last step that was applied to it.
    last_step: u64,
    weights: &'a [E],
    slots: Slots,
}

impl<E: Element> Pending<E> {
    /// Appends a row, without its gradient.
    fn push<'a>(&mut self, entry: u32, row: Row<'a, E, impl Iterator<Item = &'a [E]>>) {
        self.entries.push(entry);
        self.last_step.push(row.last_step);
        self.weights.extend_from_slice(row.weights);
        self.slots.iter_mut().zip(row.slots).for_each(|(own, slot)| own.extend_from_slice(slot));
    }

    /// The row at an index.
    fn at(&self, index: usize, width: usize) -> Row<'_, E, impl Iterator<Item = &[E]>> {
        let of = move |numbers| &<[E]>::split_at(numbers, index * width).1[..width];
        let slots = self.slots.iter().map(move |slot| of(slot));
        Row { last_step: self.last_step[index], weights: of(&self.weights), slots }
    }

    /// Forgets all rows, each of which has an index in `index_of_entry`.
    fn clear(&mut self, index_of_entry: &mut [u32]) {
        self.entries.iter().for_each(|&entry| index_of_entry[entry as usize] = 0);
        self.entries.clear();
        self.last_step.clear();
        self.weights.clear();
        self.gradient.clear();
        self.slots.iter_mut().for_each(Vec::clear);
    }
}

/// The weights of a table without their deferred updates: those of the entries, or of all rows
/// where weight decay changes rows without an entry as well.
#[derive(Clone, Debug, PartialEq)]
pub enum RawWeights<E> {
    /// The rows of the entries, in their order.
    Entries(Vec<E>),
    /// All rows.
    All(Vec<E>),
}

impl<E: Element> Table<E> {
    /// A table of `rows` by `width` whose tensor has taken `steps` steps.
    pub(super) fn new(
        (rows, width): (usize, usize),
        steps: u64,
        slots: usize,
        catch_up: CatchUp<E>,
    ) -> Table<E> {
        let none = Pending { slots: vec![Vec::new(); slots], ..Pending::default() };
        Table {
            width,
            entry_of_row: vec![0; rows],
            rows: Vec::new(),
            last_step: Vec::new(),
            slots: vec![Vec::new(); slots],
            pending_index: Vec::new(),
            pending: none.clone(),
            apart_index: Vec::new(),
            apart: none,
            log: StepLog::new(steps),
            log_capacity: None,
            catch_up,
        }
    }

    /// As a table that holds rows of one with `rows` rows. All of its parts catch up at the same
    /// steps, so that the bits of a row do not depend on the other rows that are held.
    pub(super) fn sharded(self, rows: usize) -> Table<E> {
        Table { log_capacity: Some(max_logged_steps(rows, 0)), ..self }
    }

    /// Takes over whose part this table is.
    pub(super) fn in_place_of(self, other: &Table<E>) -> Table<E> {
        Table { log_capacity: other.log_capacity, ..self }
    }

    /// Appends rows to `to`, with their deferred updates applied.
    pub fn read(&mut self, weights: &[E], rows: &[usize], to: &mut Vec<E>) {
        self.look_up(weights, rows, |_, row| to.extend_from_slice(row));
    }

    /// The number of rows.
    pub(super) fn num_rows(&self) -> usize {
        self.entry_of_row.len()
    }

    /// The numbers of the rows of the current step, in the order of their gradients.
    pub fn pending_rows(&self) -> Vec<usize> {
        self.pending.entries.iter().map(|&entry| self.rows[entry as usize] as usize).collect()
    }

    /// The gradients of the rows of the current step, row by row.
    pub fn gradient(&mut self) -> &mut [E] {
        &mut self.pending.gradient
    }

    /// Takes the rows of the current step out of it, with their gradients: what was looked up is
    /// forgotten.
    pub fn take_pending(&mut self) -> (Vec<usize>, Vec<E>) {
        let rows = self.pending_rows();
        let gradient = std::mem::take(&mut self.pending.gradient);
        self.set_apart();
        (rows, gradient)
    }

    /// Forgets the rows of the current step behind the first ones, whose gradients have this number of
    /// elements.
    pub fn truncate_pending(&mut self, elements: usize) {
        let rows = elements / self.width.max(1);
        let Pending { entries, last_step, weights, slots, gradient } = &mut self.pending;
        entries.iter().skip(rows).for_each(|&entry| self.pending_index[entry as usize] = 0);
        entries.truncate(rows);
        last_step.truncate(rows);
        [weights, gradient].into_iter().chain(slots).for_each(|all| all.truncate(elements));
    }

    /// Makes `rows`, each of which occurs once, those of the current step, with these gradients.
    pub fn set_pending(&mut self, rows: &[usize], gradient: Vec<E>, weights: &[E]) {
        self.set_apart();
        for &row in rows {
            let entry = self.entry(row);
            self.copy_to_pending(entry, row, weights);
        }
        self.catch_up_pending();
        self.pending.gradient = gradient;
    }

    /// Sets the rows of the current step apart, without their gradients.
    fn set_apart(&mut self) {
        if self.apart.entries.is_empty() {
            std::mem::swap(&mut self.pending, &mut self.apart);
            std::mem::swap(&mut self.pending_index, &mut self.apart_index);
        }
        for (index, &entry) in self.pending.entries.iter().enumerate() {
            if self.apart_index[entry as usize] == 0 {
                self.apart.push(entry, self.pending.at(index, self.width));
                self.apart_index[entry as usize] = self.apart.entries.len() as u32;
            }
        }
        self.pending.clear(&mut self.pending_index);
        self.apart.gradient.clear();
    }

    /// Forgets the rows of the current step.
    fn forget_pending(&mut self) {
        self.pending.clear(&mut self.pending_index);
        self.apart.clear(&mut self.apart_index);
    }

    /// Passes each index's position and row to `read`, with the row's deferred updates applied.
    pub(super) fn look_up(
        &mut self,
        weights: &[E],
        indices: &[usize],
        mut read: impl FnMut(usize, &[E]),
    ) {
        let known = self.pending.entries.len();
        for &row in indices {
            let entry = self.entry(row);
            self.copy_to_pending(entry, row, weights);
        }
        if self.pending.entries.len() > known {
            self.catch_up_pending();
        }
        for (position, &row) in indices.iter().enumerate() {
            let index = self.pending_index[self.entry_of_row[row] as usize - 1] as usize - 1;
            read(position, &self.pending.weights[index * self.width..][..self.width]);
        }
    }

    /// The index of the row's entry, which is created if there is none.
    pub(super) fn entry(&mut self, row: usize) -> usize {
        if self.entry_of_row[row] == 0 {
            self.rows.push(row as u32);
            self.last_step.push(self.log.since);
            self.pending_index.push(0);
            self.apart_index.push(0);
            let end = self.rows.len() * self.width;
            self.slots.iter_mut().for_each(|slot| slot.resize(end, E::zero()));
            self.entry_of_row[row] = self.rows.len() as u32;
        }
        self.entry_of_row[row] as usize - 1
    }

    /// Copies an entry to the rows of the current step, unless it is there already.
    pub(super) fn copy_to_pending(&mut self, entry: usize, row: usize, weights: &[E]) {
        if self.pending_index[entry] != 0 {
            return;
        }
        let width = self.width;
        match self.apart_index[entry] as usize {
            0 => self.pending.push(
                entry as u32,
                Row {
                    last_step: self.last_step[entry],
                    weights: &weights[row * width..][..width],
                    slots: self.slots.iter().map(|slot| &slot[entry * width..][..width]),
                },
            ),
            apart => self.pending.push(entry as u32, self.apart.at(apart - 1, width)),
        }
        self.pending.gradient.resize(self.pending.weights.len(), E::zero());
        self.pending_index[entry] = self.pending.entries.len() as u32;
    }

    /// Applies the deferred updates of the rows of the current step.
    pub(super) fn catch_up_pending(&mut self) {
        let Pending { last_step, weights, slots, .. } = &mut self.pending;
        (self.catch_up)(&PendingSteps { log: &self.log, last_step }, weights, slots);
        last_step.fill(self.log.now());
    }

    /// Passes each index's position and the gradient of its row to `add`.
    pub(super) fn add_gradient(&mut self, indices: &[usize], mut add: impl FnMut(usize, &mut [E])) {
        for (position, &row) in indices.iter().enumerate() {
            let index = self.pending_index[self.entry_of_row[row] as usize - 1] as usize - 1;
            add(position, &mut self.pending.gradient[index * self.width..][..self.width]);
        }
    }

    /// The optimizer's step on the rows that were looked up; the step of all other rows is
    /// deferred. Returns whether the new weights are finite.
    pub(super) fn step(
        &mut self,
        step: u64,
        optimizer: &dyn AnyOptimizer,
        weights: &mut [E],
    ) -> bool {
        let Pending { entries, weights: copied, slots, gradient, .. } = &mut self.pending;
        let width = self.width;
        optimizer.on::<E>().update(step, copied, gradient, slots);
        let is_finite = sweep::all_finite(copied);
        for (index, &entry) in entries.iter().enumerate() {
            let (entry, start) = (entry as usize, index * width);
            let row = self.rows[entry] as usize;
            weights[row * width..][..width].copy_from_slice(&copied[start..][..width]);
            for (slot, copied) in self.slots.iter_mut().zip(&*slots) {
                slot[entry * width..][..width].copy_from_slice(&copied[start..][..width]);
            }
            self.last_step[entry] = step;
        }
        self.forget_pending();
        if let Some(size) = optimizer.step_size(step) {
            self.log.push(size);
        }
        let capacity = self.log_capacity;
        let capacity =
            capacity.unwrap_or_else(|| max_logged_steps(self.num_rows(), self.rows.len()));
        if self.log.count() >= capacity {
            // The condition depends only on values that a checkpoint has, so a resumed run flushes
            // at the same steps.
            self.flush(weights);
        }
        is_finite
    }

    /// Applies the deferred updates to a copy: `weights` become those of the dense formula. Returns
    /// the weights before, for [`restore`](Table::restore).
    pub fn materialize(&self, weights: &mut [E]) -> RawWeights<E> {
        let raw = match self.log.decays() {
            true => RawWeights::All(weights.to_vec()),
            false => RawWeights::Entries(self.gather(&self.rows, weights)),
        };
        self.decay(weights);
        for entries in self.portions() {
            drop(self.caught_up(entries, &self.slots, weights));
        }
        raw
    }

    /// Applies all deferred updates to the table and clears the log.
    pub fn flush(&mut self, weights: &mut [E]) {
        let mut slots = std::mem::take(&mut self.slots);
        self.decay(weights);
        for entries in self.portions() {
            let elements = entries.start * self.width..entries.end * self.width;
            let caught_up = self.caught_up(entries, &slots, weights);
            for (slot, caught_up) in slots.iter_mut().zip(&caught_up) {
                slot[elements.clone()].copy_from_slice(caught_up);
            }
        }
        self.slots = slots;
        self.log = StepLog::new(self.log.now());
        self.last_step.fill(self.log.now());
        self.apart.clear(&mut self.apart_index);
    }

    /// Applies the deferred weight decay of the rows without an entry.
    fn decay(&self, weights: &mut [E]) {
        if !self.log.decays() {
            return;
        }
        let remaining = E::of(self.log.after(self.log.since).left_after(0));
        let rows = weights.chunks_exact_mut(self.width).zip(&self.entry_of_row);
        rows.filter(|(_, entry)| **entry == 0)
            .for_each(|(row, _)| row.iter_mut().for_each(|weight| *weight *= remaining));
    }

    /// All entries in portions, because catching up takes copies of their weights and slots.
    fn portions(&self) -> impl Iterator<Item = Range<usize>> {
        let entries = self.rows.len();
        (0..entries).step_by(PORTION).map(move |start| start..entries.min(start + PORTION))
    }

    /// Applies the deferred updates of some entries to their rows in `weights`, and returns what their
    /// `slots` become.
    fn caught_up(&self, entries: Range<usize>, slots: &[Vec<E>], weights: &mut [E]) -> Vec<Vec<E>> {
        let elements = entries.start * self.width..entries.end * self.width;
        let mut slots: Vec<Vec<E>> =
            slots.iter().map(|slot| slot[elements.clone()].to_vec()).collect();
        let rows = &self.rows[entries.clone()];
        let mut of_rows = self.gather(rows, weights);
        let last_step = &self.last_step[entries];
        (self.catch_up)(&PendingSteps { log: &self.log, last_step }, &mut of_rows, &mut slots);
        self.scatter(rows, &of_rows, weights);
        slots
    }

    /// Reads the pending rows again from `weights`, which were changed by other means than a step.
    /// The table must not have deferred updates.
    pub fn reload(&mut self, weights: &[E]) {
        let Pending { entries, weights: copied, .. } = &mut self.pending;
        for (copied, &entry) in copied.chunks_exact_mut(self.width).zip(&*entries) {
            let row = self.rows[entry as usize] as usize;
            copied.copy_from_slice(&weights[row * self.width..][..self.width]);
        }
    }

    /// Writes back the weights that [`materialize`](Table::materialize) returned.
    pub fn restore(&self, raw: &RawWeights<E>, weights: &mut [E]) {
        match raw {
            RawWeights::All(all) => weights.copy_from_slice(all),
            RawWeights::Entries(entries) => self.scatter(&self.rows, entries, weights),
        }
    }

    fn gather(&self, rows: &[u32], weights: &[E]) -> Vec<E> {
        let row = |&row: &u32| &weights[row as usize * self.width..][..self.width];
        rows.iter().flat_map(row).copied().collect()
    }

    fn scatter(&self, rows: &[u32], from: &[E], weights: &mut [E]) {
        for (from, &row) in from.chunks_exact(self.width).zip(rows) {
            weights[row as usize * self.width..][..self.width].copy_from_slice(from);
        }
    }
}
