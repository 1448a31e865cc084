//! Reads the rows of a source in chunks.

use std::{collections::BTreeSet, ops::Range};

use multi_input_base::{Error, Result};

use super::{Block, BlockRequest, RowFilter, Source};
use crate::{
    preprocess::{push_inputs, push_sample},
    schema::RowTypes,
    table::swap_rows,
    Table,
};

/// A chunk: consecutive rows as a table, with their indices in the source.
#[derive(Clone, Debug)]
pub struct NumberedTable {
    /// The rows.
    pub table: Table,
    /// Index of each row in its source.
    pub row_numbers: Vec<usize>,
    /// The answers to each [`RowQuery`], one per row.
    pub answers: Vec<Vec<f64>>,
}

/// A function of a row and its index in the source, for instance the sample weight.
pub type RowQuery<'a, R> = &'a (dyn Fn(usize, &R) -> Result<f64> + Sync);

impl NumberedTable {
    /// An empty chunk with the given number of queries.
    pub fn empty(table: Table, query_count: usize) -> NumberedTable {
        NumberedTable { table, row_numbers: Vec::new(), answers: vec![Vec::new(); query_count] }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.table.rows
    }

    /// Whether the chunk has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of a range of rows in bytes.
    pub fn bytes(&self, rows: Range<usize>) -> usize {
        let metadata = rows.len() * (1 + self.answers.len()) * size_of::<f64>();
        metadata + self.table.bytes(rows)
    }

    /// Splits the chunk into the table, the answers, and a function that converts row indices in
    /// errors to indices in the source.
    pub fn into_parts(self) -> (Table, Vec<Vec<f64>>, impl Fn(Error) -> Error) {
        let NumberedTable { table, row_numbers, answers } = self;
        let name = move |error| renumber(error, |row| row_numbers.get(row).copied().unwrap_or(row));
        (table, answers, name)
    }

    /// The table, and the source index of its first row. The rows must be consecutive.
    pub fn with_first_row(self) -> (Table, usize) {
        let first = self.row_numbers.first().copied().unwrap_or_default();
        (self.table, first)
    }

    /// Converts the row index of an error from the table to the source.
    pub fn renumber(&self, error: Error) -> Error {
        renumber(error, |row| self.row_numbers.get(row).copied().unwrap_or(row))
    }

    /// The rows that `check` accepts, each checked independently of the others. `refuse` is called
    /// with the error of each other row, which has its source index, and may return it.
    pub fn accepted_by(
        self,
        check: impl Fn(&Table) -> Result<()>,
        refuse: impl Fn(Error) -> Result<()>,
    ) -> Result<NumberedTable> {
        let Err(error) = check(&self.table) else { return Ok(self) };
        let first = match &error {
            Error::Value { row, .. } if *row < self.len() => *row,
            _ => return Err(error),
        };
        refuse(self.renumber(error))?;
        // The remaining rows are checked one by one. Checking the remaining table again after each
        // refused row would take quadratic time.
        let mut accepted = Vec::new();
        for row in (0..self.len()).filter(|row| *row != first) {
            match check(&self.table.select(&[row])) {
                Ok(()) => accepted.push(row),
                Err(error @ Error::Value { .. }) => {
                    refuse(renumber(error, |_| self.row_numbers[row]))?
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.select(&accepted))
    }

    /// The rows without those at the given indices of the source.
    pub fn without(self, row_numbers: &BTreeSet<usize>) -> NumberedTable {
        if !self.row_numbers.iter().any(|index| row_numbers.contains(index)) {
            return self;
        }
        let others = (0..self.len()).filter(|&row| !row_numbers.contains(&self.row_numbers[row]));
        self.select(&others.collect::<Vec<_>>())
    }

    /// Appends rows `from..to` of another chunk.
    pub fn append(&mut self, other: &NumberedTable, (from, to): (usize, usize)) {
        self.table.append(&other.table, from..to);
        self.row_numbers.extend_from_slice(&other.row_numbers[from..to]);
        for (own, others) in self.answers.iter_mut().zip(&other.answers) {
            own.extend_from_slice(&others[from..to]);
        }
    }

    /// Swaps rows with rows of another chunk, pair by pair in order; each pair is (own, other).
    pub fn swap(&mut self, other: &mut NumberedTable, pairs: &[(usize, usize)]) {
        self.table.swap(&mut other.table, pairs);
        swap_rows(&mut self.row_numbers, &mut other.row_numbers, 1, pairs);
        for (own, others) in self.answers.iter_mut().zip(&mut other.answers) {
            swap_rows(own, others, 1, pairs);
        }
    }

    /// Gathers rows by index in the chunk.
    pub fn select(&self, rows: &[usize]) -> NumberedTable {
        NumberedTable {
            table: self.table.select(rows),
            row_numbers: rows.iter().map(|&row| self.row_numbers[row]).collect(),
            answers: self
                .answers
                .iter()
                .map(|of| rows.iter().map(|&row| of[row]).collect())
                .collect(),
        }
    }
}

/// Reads rows to train or evaluate on in chunks, without the rows that the filter skips. The
/// iterator ends after the first error. Rows of a shard are numbered as in the whole source.
pub fn samples<'a, M: RowTypes, S: Source<Row = M::Sample>>(
    source: &'a S,
    request: &'a BlockRequest,
    queries: &'a [RowQuery<'a, M::Sample>],
    filter: RowFilter<'a>,
    range: impl Fn(&Table) -> Result<()> + 'a,
) -> Result<impl Iterator<Item = Result<NumberedTable>> + 'a> {
    let mut first = request.first_row(source.levels() - 1);
    let mut blocks = source.blocks(request)?;
    let chunks = until_error(std::iter::from_fn(move || loop {
        let block = blocks.next()?;
        let start = first;
        first += block.len();
        let filter = &filter;
        let chunk = match block {
            Block::Table(table) => {
                let row_numbers = (start..first).collect();
                Ok(NumberedTable { table, row_numbers, answers: Vec::new() })
            }
            Block::Rows(rows) => write_rows::<M>(rows, start, queries, filter),
        };
        let chunk = chunk.and_then(|chunk| filter.accepted(chunk, &range));
        if chunk.as_ref().is_ok_and(|chunk| chunk.is_empty()) {
            continue;
        }
        return Some(chunk);
    }));
    Ok(merged(chunks, request.min_chunk_rows()))
}

/// Size in bytes from which a chunk is not extended.
const CHUNK_BYTES: usize = 4 << 20;

/// Merges chunks until they have at least `rows` rows or [`CHUNK_BYTES`]; the last one may be
/// smaller.
fn merged(
    mut chunks: impl Iterator<Item = Result<NumberedTable>>,
    rows: usize,
) -> impl Iterator<Item = Result<NumberedTable>> {
    let mut failed = None;
    std::iter::from_fn(move || {
        if let Some(error) = failed.take() {
            return Some(Err(error));
        }
        let mut chunk = match chunks.next()? {
            Ok(chunk) => chunk,
            error => return Some(error),
        };
        let mut bytes = chunk.bytes(0..chunk.len());
        while chunk.len() < rows && bytes < CHUNK_BYTES {
            match chunks.next() {
                Some(Ok(next)) => {
                    bytes += next.bytes(0..next.len());
                    chunk.append(&next, (0, next.len()));
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    break;
                }
                None => break,
            }
        }
        Some(Ok(chunk))
    })
}

/// The items of `all` up to and including the first error.
pub fn until_error<T, E>(
    mut all: impl Iterator<Item = std::result::Result<T, E>>,
) -> impl Iterator<Item = std::result::Result<T, E>> {
    let mut ended = false;
    std::iter::from_fn(move || {
        let some = (!ended).then(|| all.next()).flatten()?;
        ended = some.is_err();
        Some(some)
    })
}

/// Writes rows to a chunk, without the rows that the filter skips. `first` is the source index of
/// the first row.
fn write_rows<M: RowTypes>(
    rows: Vec<Result<M::Sample>>,
    first: usize,
    queries: &[RowQuery<'_, M::Sample>],
    filter: &RowFilter<'_>,
) -> Result<NumberedTable> {
    let mut chunk = NumberedTable::empty(Table::of_samples(&M::SCHEMA), queries.len());
    for (index, row) in (first..).zip(rows) {
        let row = row?;
        if let Err(error) = push_sample::<M>(&mut chunk.table, &row) {
            filter.refuse(renumber(error, |_| index))?;
            continue;
        }
        chunk.row_numbers.push(index);
        for (query, answers) in queries.iter().zip(&mut chunk.answers) {
            answers.push(query(index, &row)?);
        }
    }
    Ok(chunk)
}

/// Splits and merges chunks to exactly `count` rows; the last one may be smaller.
pub fn cut<'a>(
    chunks: impl Iterator<Item = Result<NumberedTable>> + 'a,
    count: usize,
) -> impl Iterator<Item = Result<NumberedTable>> + 'a {
    cut_to(chunks, std::iter::repeat(count))
}

/// Splits and merges chunks to the given numbers of rows, each at least 1; the last one may be smaller.
pub fn cut_to<'a>(
    mut chunks: impl Iterator<Item = Result<NumberedTable>> + 'a,
    mut counts: impl Iterator<Item = usize> + 'a,
) -> impl Iterator<Item = Result<NumberedTable>> + 'a {
    // The chunk that is only partly used, and the number of its used rows.
    let mut partial: Option<(NumberedTable, usize)> = None;
    std::iter::from_fn(move || {
        let count = counts.next()?;
        let mut cut: Option<NumberedTable> = None;
        while cut.as_ref().is_none_or(|cut| cut.len() < count) {
            let (chunk, from) = match partial.take() {
                Some(partial) => partial,
                None => match chunks.next() {
                    Some(Ok(chunk)) => (chunk, 0),
                    Some(Err(error)) => return Some(Err(error)),
                    None => break,
                },
            };
            let cut = match &mut cut {
                None if from == 0 && chunk.len() == count => return Some(Ok(chunk)),
                None => {
                    let query_count = chunk.answers.len();
                    cut.insert(NumberedTable::empty(chunk.table.none(), query_count))
                }
                Some(cut) => cut,
            };
            let to = chunk.len().min(from.saturating_add(count - cut.len()));
            cut.append(&chunk, (from, to));
            partial = (to < chunk.len()).then_some((chunk, to));
        }
        cut.map(Ok)
    })
}

/// Reads rows to predict from in chunks of `at_once` rows, without the rows that the filter skips.
/// The iterator ends after the first error.
pub fn inputs<'a, M: RowTypes>(
    mut rows: impl Iterator<Item = Result<M::Inputs>> + 'a,
    at_once: usize,
    filter: RowFilter<'a>,
) -> impl Iterator<Item = Result<NumberedTable>> + 'a {
    let (empty, mut index, mut ended) = (Table::of_inputs(&M::SCHEMA), 0, false);
    let mut read = move |ended: &mut bool| -> Result<NumberedTable> {
        let mut chunk = NumberedTable::empty(empty.clone(), 0);
        let next = index + at_once;
        for row in rows.by_ref().take(at_once) {
            let row = row?;
            match push_inputs::<M>(&mut chunk.table, &row) {
                Ok(()) => chunk.row_numbers.push(index),
                Err(error) => filter.refuse(renumber(error, |_| index))?,
            }
            index += 1;
        }
        *ended = index < next;
        filter.accepted(chunk, |_| Ok(()))
    };
    until_error(std::iter::from_fn(move || {
        while !ended {
            let chunk = read(&mut ended);
            if chunk.as_ref().map_or(true, |chunk| !chunk.is_empty()) {
                return Some(chunk);
            }
        }
        None
    }))
}

/// Converts the row index of an error with `index`.
fn renumber(mut error: Error, index: impl Fn(usize) -> usize) -> Error {
    if let Error::Value { row, .. } = &mut error {
        *row = index(*row);
    }
    error
}
