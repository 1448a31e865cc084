//! Rows, a table at a time.

use std::{collections::BTreeSet, ops::Range};

use multi_input_base::{Error, Result};

use super::{Block, BlockRequest, RowFilter, Source};
use crate::{
    preprocess::{push_inputs, push_sample},
    schema::RowTypes,
    table::swap_rows,
    Table,
};

/// Some rows as a table.
#[derive(Clone, Debug)]
pub struct NumberedTable {
    /// The rows.
    pub table: Table,
    /// The place of each row in its source.
    pub places: Vec<usize>,
    /// What was asked about each row: see [`RowQuery`].
    pub answers: Vec<Vec<f64>>,
}

/// A question about a row with its place, such as how much it counts.
pub type RowQuery<'a, R> = &'a (dyn Fn(usize, &R) -> Result<f64> + Sync);

impl NumberedTable {
    /// No rows yet, to which so many questions are asked.
    pub fn empty(table: Table, questions: usize) -> NumberedTable {
        NumberedTable { table, places: Vec::new(), answers: vec![Vec::new(); questions] }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.table.rows
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory some rows take.
    pub fn bytes(&self, rows: Range<usize>) -> usize {
        let beside = rows.len() * (1 + self.answers.len()) * size_of::<f64>();
        beside + self.table.bytes(rows)
    }

    /// The table and what was answered, and what names a row of it by its place.
    pub fn apart(self) -> (Table, Vec<Vec<f64>>, impl Fn(Error) -> Error) {
        let NumberedTable { table, places, answers } = self;
        let name = move |error| renumber(error, |row| places.get(row).copied().unwrap_or(row));
        (table, answers, name)
    }

    /// The table with the place of its first row; the others follow it.
    pub fn numbered(self) -> (Table, usize) {
        let first = self.places.first().copied().unwrap_or_default();
        (self.table, first)
    }

    /// An error about a row of the table, with its place in the source.
    pub fn renumber(&self, error: Error) -> Error {
        renumber(error, |row| self.places.get(row).copied().unwrap_or(row))
    }

    /// The rows that `check` accepts, whatever rows stand beside them. `refuse` is told of each of the
    /// others, by its place, and may make it an error.
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
        // One by one from here on: to check all that is left after each row that is refused would take
        // time by the square of their number.
        let mut accepted = Vec::new();
        for row in (0..self.len()).filter(|row| *row != first) {
            match check(&self.table.select(&[row])) {
                Ok(()) => accepted.push(row),
                Err(error @ Error::Value { .. }) => refuse(renumber(error, |_| self.places[row]))?,
                Err(error) => return Err(error),
            }
        }
        Ok(self.select(&accepted))
    }

    /// The rows but for those at some places of the source.
    pub fn without(self, places: &BTreeSet<usize>) -> NumberedTable {
        if !self.places.iter().any(|place| places.contains(place)) {
            return self;
        }
        let others = (0..self.len()).filter(|&row| !places.contains(&self.places[row]));
        self.select(&others.collect::<Vec<_>>())
    }

    /// Appends rows `from` up to `to` of another piece.
    pub fn append(&mut self, other: &NumberedTable, (from, to): (usize, usize)) {
        self.table.append(&other.table, from..to);
        self.places.extend_from_slice(&other.places[from..to]);
        for (own, others) in self.answers.iter_mut().zip(&other.answers) {
            own.extend_from_slice(&others[from..to]);
        }
    }

    /// Puts row `theirs` of another piece in the place of row `own`, and the other way round, for
    /// every pair in its order.
    pub fn swap(&mut self, other: &mut NumberedTable, pairs: &[(usize, usize)]) {
        self.table.swap(&mut other.table, pairs);
        swap_rows(&mut self.places, &mut other.places, 1, pairs);
        for (own, others) in self.answers.iter_mut().zip(&mut other.answers) {
            swap_rows(own, others, 1, pairs);
        }
    }

    /// The rows of these numbers, in this order.
    pub fn select(&self, rows: &[usize]) -> NumberedTable {
        NumberedTable {
            table: self.table.select(rows),
            places: rows.iter().map(|&row| self.places[row]).collect(),
            answers: self
                .answers
                .iter()
                .map(|of| rows.iter().map(|&row| of[row]).collect())
                .collect(),
        }
    }
}

/// Rows of a source to train on or to compare with, about so many at a time, but for those that the
/// screen leaves out. The first row that is an error is the last thing that comes.
pub fn samples<'a, M: RowTypes, S: Source<Row = M::Sample>>(
    source: &'a S,
    wanted: &'a BlockRequest,
    asks: &'a [RowQuery<'a, M::Sample>],
    screen: RowFilter<'a>,
    range: impl Fn(&Table) -> Result<()> + 'a,
) -> Result<impl Iterator<Item = Result<NumberedTable>> + 'a> {
    let (mut blocks, mut first) = (source.blocks(wanted)?, 0);
    let pieces = until_error(std::iter::from_fn(move || loop {
        let block = blocks.next()?;
        let place = first;
        first += block.len();
        let screen = &screen;
        let piece = match block {
            Block::Table(table) => {
                let places = (place..first).collect();
                Ok(NumberedTable { table, places, answers: Vec::new() })
            }
            Block::Rows(rows) => write::<M>(rows, place, asks, screen),
        };
        let piece = piece.and_then(|piece| screen.accepted(piece, &range));
        if piece.as_ref().is_ok_and(|piece| piece.is_empty()) {
            continue;
        }
        return Some(piece);
    }));
    Ok(gathered(pieces, wanted.gathered()))
}

/// How many bytes are gathered in a piece, but for its last row.
const PIECE_BYTES: usize = 4 << 20;

/// Pieces of at least `rows` rows, but for the last, unless fewer take many bytes already.
fn gathered(
    mut pieces: impl Iterator<Item = Result<NumberedTable>>,
    rows: usize,
) -> impl Iterator<Item = Result<NumberedTable>> {
    let mut failed = None;
    std::iter::from_fn(move || {
        if let Some(error) = failed.take() {
            return Some(Err(error));
        }
        let mut piece = match pieces.next()? {
            Ok(piece) => piece,
            error => return Some(error),
        };
        let mut bytes = piece.bytes(0..piece.len());
        while piece.len() < rows && bytes < PIECE_BYTES {
            match pieces.next() {
                Some(Ok(next)) => {
                    bytes += next.bytes(0..next.len());
                    piece.append(&next, (0, next.len()));
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    break;
                }
                None => break,
            }
        }
        Some(Ok(piece))
    })
}

/// What `all` gives, up to its first error and with that.
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

/// Rows, of which the first has the place `first`, as a table, but for those that the screen leaves
/// out.
fn write<M: RowTypes>(
    rows: Vec<Result<M::Sample>>,
    first: usize,
    asks: &[RowQuery<'_, M::Sample>],
    screen: &RowFilter<'_>,
) -> Result<NumberedTable> {
    let mut piece = NumberedTable::empty(Table::of_samples(&M::SCHEMA), asks.len());
    for (place, row) in (first..).zip(rows) {
        let row = row?;
        if let Err(error) = push_sample::<M>(&mut piece.table, &row) {
            screen.refuse(renumber(error, |_| place))?;
            continue;
        }
        piece.places.push(place);
        for (ask, answers) in asks.iter().zip(&mut piece.answers) {
            answers.push(ask(place, &row)?);
        }
    }
    Ok(piece)
}

/// Pieces of exactly so many rows, but for the last.
pub fn cut<'a>(
    mut pieces: impl Iterator<Item = Result<NumberedTable>> + 'a,
    count: usize,
) -> impl Iterator<Item = Result<NumberedTable>> + 'a {
    // The rows of a piece that are not handed on yet, and how many of them are.
    let mut rest: Option<(NumberedTable, usize)> = None;
    std::iter::from_fn(move || {
        let mut cut: Option<NumberedTable> = None;
        while cut.as_ref().is_none_or(|cut| cut.len() < count) {
            let (piece, from) = match rest.take() {
                Some(rest) => rest,
                None => match pieces.next() {
                    Some(Ok(piece)) => (piece, 0),
                    Some(Err(error)) => return Some(Err(error)),
                    None => break,
                },
            };
            let cut = match &mut cut {
                None if from == 0 && piece.len() == count => return Some(Ok(piece)),
                None => {
                    let questions = piece.answers.len();
                    cut.insert(NumberedTable::empty(piece.table.none(), questions))
                }
                Some(cut) => cut,
            };
            let to = piece.len().min(from.saturating_add(count - cut.len()));
            cut.append(&piece, (from, to));
            rest = (to < piece.len()).then_some((piece, to));
        }
        cut.map(Ok)
    })
}

/// Rows to predict from, of so many at a time those that the screen does not leave out. The first row
/// that is an error is the last thing that comes.
pub fn inputs<'a, M: RowTypes>(
    mut rows: impl Iterator<Item = Result<M::Inputs>> + 'a,
    at_once: usize,
    screen: RowFilter<'a>,
) -> impl Iterator<Item = Result<NumberedTable>> + 'a {
    let (empty, mut place, mut ended) = (Table::of_inputs(&M::SCHEMA), 0, false);
    let mut read = move |ended: &mut bool| -> Result<NumberedTable> {
        let mut piece = NumberedTable::empty(empty.clone(), 0);
        let next = place + at_once;
        for row in rows.by_ref().take(at_once) {
            let row = row?;
            match push_inputs::<M>(&mut piece.table, &row) {
                Ok(()) => piece.places.push(place),
                Err(error) => screen.refuse(renumber(error, |_| place))?,
            }
            place += 1;
        }
        *ended = place < next;
        screen.accepted(piece, |_| Ok(()))
    };
    until_error(std::iter::from_fn(move || {
        while !ended {
            let piece = read(&mut ended);
            if piece.as_ref().map_or(true, |piece| !piece.is_empty()) {
                return Some(piece);
            }
        }
        None
    }))
}

/// The error about a row of a table, with the row's place in its source.
fn renumber(mut error: Error, place: impl Fn(usize) -> usize) -> Error {
    if let Error::Value { row, .. } = &mut error {
        *row = place(*row);
    }
    error
}
