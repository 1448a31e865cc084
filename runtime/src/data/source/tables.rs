//! Rows, a table at a time.

use crate::{
    data::{RowWriter, Table},
    definition::Definition,
    train::check_ranges,
    Error, Result,
};

/// Tables of so many rows, the last of which may have fewer, each with the number of its first row.
/// The first row that is an error is the last thing that comes.
struct Tables<I, R> {
    rows: I,
    write: fn(&R, &mut RowWriter<'_>),
    empty: Table,
    at_once: usize,
    first: usize,
    ended: bool,
}

/// Rows to train on or to compare with.
pub(crate) fn samples<M: Definition>(
    rows: impl Iterator<Item = Result<M::Sample>>,
    at_once: usize,
) -> impl Iterator<Item = Result<(Table, usize)>> {
    let empty = Table::of_samples(&M::GRAPH);
    let write: fn(&M::Sample, &mut RowWriter<'_>) = M::write_sample;
    let tables = Tables { rows, write, empty, at_once, first: 0, ended: false };
    tables.map(|table| {
        let (table, first) = table?;
        check_ranges(&M::GRAPH, &table).map_err(|error| renumber(error, |row| first + row))?;
        Ok((table, first))
    })
}

/// Rows to predict from.
pub(crate) fn inputs<M: Definition>(
    rows: impl Iterator<Item = Result<M::Inputs>>,
    at_once: usize,
) -> impl Iterator<Item = Result<(Table, usize)>> {
    let empty = Table::of_inputs(&M::GRAPH);
    Tables { rows, write: M::write_inputs, empty, at_once, first: 0, ended: false }
}

impl<I: Iterator<Item = Result<R>>, R> Tables<I, R> {
    /// The next rows; none at the end.
    fn read(&mut self) -> Result<Table> {
        let mut table = self.empty.clone();
        for row in self.rows.by_ref().take(self.at_once) {
            let (row, first) = (row?, self.first);
            let pushed = table.push(|writer| (self.write)(&row, writer));
            pushed.map_err(|error| renumber(error, |row| first + row))?;
        }
        Ok(table)
    }
}

impl<I: Iterator<Item = Result<R>>, R> Iterator for Tables<I, R> {
    type Item = Result<(Table, usize)>;

    fn next(&mut self) -> Option<Result<(Table, usize)>> {
        if self.ended {
            return None;
        }
        let table = self.read();
        self.ended = table.as_ref().map_or(true, |table| table.rows < self.at_once);
        if table.as_ref().is_ok_and(|table| table.rows == 0) {
            return None;
        }
        let first = self.first;
        self.first += self.at_once;
        Some(table.map(|table| (table, first)))
    }
}

/// The error about a row of a table, with the row's number in the source.
pub(crate) fn renumber(mut error: Error, number: impl Fn(usize) -> usize) -> Error {
    if let Error::Value { row, .. } = &mut error {
        *row = number(*row);
    }
    error
}
