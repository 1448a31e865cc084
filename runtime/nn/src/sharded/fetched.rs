//! Rows of sharded tables that were fetched for a batch.

use std::{cell::RefCell, rc::Rc};

use dfdx::tensor::UniqueId;
use multi_input_kernel::Element;

use crate::current::{self, Current};

/// The rows of a table that a batch looks up, and the gradients that a pass adds to them.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchedTable<E> {
    rows: AscendingRows,
    width: usize,
    weights: Vec<E>,
    /// Empty until a gradient is added or taken.
    gradient: Vec<E>,
    /// For each row whether the current pass has looked it up.
    in_pass: Vec<bool>,
}

/// The fetched rows of several tables, each by the id of the tensor with the rows held.
pub type FetchedTables<E> = Vec<(UniqueId, FetchedTable<E>)>;

impl<E: Element> FetchedTable<E> {
    /// The rows with these numbers, in ascending order and each once, and their weights.
    pub fn new(rows: Vec<usize>, weights: Vec<E>) -> FetchedTable<E> {
        let width = weights.len() / rows.len().max(1);
        let in_pass = vec![false; rows.len()];
        let rows = AscendingRows::new(rows);
        FetchedTable { rows, width, weights, gradient: Vec::new(), in_pass }
    }

    /// Passes the position of each index and its row to `read`. Returns the positions of the rows
    /// among those fetched, or `None` if one was not.
    fn look_up(
        &mut self,
        indices: &[usize],
        mut read: impl FnMut(usize, &[E]),
    ) -> Option<Rc<[u32]>> {
        let found: Rc<[u32]> =
            indices.iter().map(|row| self.rows.position(*row)).collect::<Option<_>>()?;
        for (index, position) in found.iter().enumerate() {
            let position = *position as usize;
            self.in_pass[position] = true;
            read(index, &self.weights[position * self.width..][..self.width]);
        }
        Some(found)
    }

    /// Passes the index of each looked-up row, whose positions among those fetched these are, and its
    /// gradient to `add`.
    fn add_gradient(&mut self, positions: &[u32], mut add: impl FnMut(usize, &mut [E])) {
        self.gradient.resize(self.weights.len(), E::zero());
        for (index, position) in positions.iter().enumerate() {
            add(index, &mut self.gradient[*position as usize * self.width..][..self.width]);
        }
    }

    /// Takes the rows that were looked up since the last call, in ascending order, with their
    /// gradients.
    pub fn take_gradient(&mut self) -> (Vec<usize>, Vec<E>) {
        self.gradient.resize(self.weights.len(), E::zero());
        let (mut rows, mut gradient) = (Vec::new(), Vec::new());
        for (position, in_pass) in self.in_pass.iter_mut().enumerate() {
            if std::mem::take(in_pass) {
                rows.push(self.rows.numbers[position]);
                let of_row = &mut self.gradient[position * self.width..][..self.width];
                gradient.extend_from_slice(of_row);
                of_row.fill(E::zero());
            }
        }
        (rows, gradient)
    }
}

/// Numbers of rows in ascending order, in which the position of a number is found at once: they are
/// divided into buckets by their leading bits, about as many as there are numbers.
#[derive(Clone, Debug, PartialEq)]
struct AscendingRows {
    numbers: Vec<usize>,
    /// The bits of a number that do not decide over its bucket.
    shift: u32,
    /// The position of the first number of each bucket, and the end of the last.
    starts: Vec<u32>,
}

impl AscendingRows {
    fn new(numbers: Vec<usize>) -> AscendingRows {
        debug_assert!(numbers.is_sorted_by(|before, after| before < after));
        let largest = numbers.last().copied().unwrap_or(0);
        let mut shift = 0;
        while largest >> shift > 2 * numbers.len() {
            shift += 1;
        }
        let buckets = (largest >> shift) + 1;
        let mut starts = Vec::with_capacity(buckets + 1);
        for (position, number) in numbers.iter().enumerate() {
            starts.resize(((number >> shift) + 1).max(starts.len()), position as u32);
        }
        starts.resize(buckets + 1, numbers.len() as u32);
        AscendingRows { numbers, shift, starts }
    }

    fn position(&self, number: usize) -> Option<u32> {
        let bucket = number >> self.shift;
        let (start, end) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        let of_bucket = self.numbers.get(start as usize..end as usize)?;
        of_bucket.binary_search(&number).ok().map(|position| start + position as u32)
    }
}

thread_local! {
    /// The [`FetchedTables`] of the current pass, of any dtype.
    static CURRENT: Current = RefCell::new(Box::new(()));
}

/// Calls `work`, passes of a batch, with these rows. Within another scope they take its place until
/// `work` returns.
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

/// Passes the position of each index and its row to `read`. Returns the positions of the rows among
/// those fetched, or `None` if one was not.
pub(crate) fn look_up<E: Element>(
    table: UniqueId,
    indices: &[usize],
    read: impl FnMut(usize, &[E]),
) -> Option<Rc<[u32]>> {
    with(table, |table| table.look_up(indices, read)).flatten()
}

/// Passes the index of each row that was looked up, given their positions among those fetched, and
/// its gradient to `add`.
pub(crate) fn add_gradient<E: Element>(
    table: UniqueId,
    positions: &[u32],
    add: impl FnMut(usize, &mut [E]),
) {
    with(table, |table| table.add_gradient(positions, add));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_no_other() {
        let last_of_32_bits = u32::MAX as usize;
        for numbers in [
            vec![],
            vec![0],
            vec![7],
            vec![last_of_32_bits],
            vec![0, 1, 2, 3],
            vec![5, 6, 1000, 1001, 1002],
            (0..1000).map(|i| i * i).collect(),
            (0..50).chain([1 << 20, last_of_32_bits - 1, last_of_32_bits]).collect(),
        ] {
            let rows = AscendingRows::new(numbers.clone());
            assert!(rows.starts.len() <= 2 * numbers.len() + 2);
            let near = numbers.iter().flat_map(|number| number.saturating_sub(1)..=number + 1);
            for number in near.chain([0, 1, 9, usize::MAX]) {
                let expected = numbers.binary_search(&number).ok().map(|position| position as u32);
                assert_eq!(rows.position(number), expected, "{number} in {numbers:?}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_a_pass() {
        let mut table = FetchedTable::new(vec![2, 5, 9], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(table.take_gradient(), (vec![], vec![]));
        let mut read = Vec::new();
        let found = table.look_up(&[9, 2, 9], |_, row| read.extend_from_slice(row)).unwrap();
        assert_eq!((&found[..], &read[..]), (&[2, 0, 2][..], &[5.0, 6.0, 1.0, 2.0, 5.0, 6.0][..]));
        table.add_gradient(&found, |index, sums| sums[0] += 10.0 + index as f64);
        assert_eq!(table.take_gradient(), (vec![2, 9], vec![11.0, 0.0, 22.0, 0.0]));
        // A row without a gradient was looked up nevertheless.
        table.look_up(&[5], |_, _| {}).unwrap();
        assert_eq!(table.take_gradient(), (vec![5], vec![0.0, 0.0]));
        assert_eq!(table.take_gradient(), (vec![], vec![]));
    }

    #[test]
    fn nothing_is_read_where_a_row_is_missing() {
        let mut table = FetchedTable::new(vec![2], vec![1.0]);
        assert_eq!(table.look_up(&[2, 3], |_, _| unreachable!()), None);
        assert_eq!(table.take_gradient(), (vec![], vec![]));
    }
}
