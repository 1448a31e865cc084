//! Rows, column by column.

use std::{fmt, ops::Range, sync::Arc};

use chrono::NaiveDateTime;

use super::Picture;

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `f32`, `bool` and arrays of them: finite numbers.
    Numbers {
        /// Whether some may be missing, as NaN, until a step replaces them.
        blanks: bool,
    },
    /// `f64`, `i64`, `u64` and arrays of them: finite numbers that stay `f64` until the last step.
    Doubles {
        /// Whether some may be missing, as NaN, until a step replaces them.
        blanks: bool,
    },
    /// The same of a target, in which none may be missing.
    TargetNumbers,
    /// The same of a target in double precision.
    TargetDoubles,
    /// `u32` and arrays of it: indices below `below`.
    Categories {
        /// The first index that is too large.
        below: usize,
    },
    /// `String` of which the whole is a category or a label, and arrays of it: white space around it is
    /// no part of it.
    Names,
    /// Any other `String`.
    Texts,
    /// `Image<C>`.
    Pictures,
    /// chrono's dates.
    Dates,
}

impl Content {
    /// Whether numbers may be missing; `None` where it is no numbers.
    pub fn blanks(self) -> Option<bool> {
        match self {
            Content::Numbers { blanks } | Content::Doubles { blanks } => Some(blanks),
            _ => None,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // In how many bits rows hold a number is no part of a model.
            Content::Numbers { .. }
            | Content::Doubles { .. }
            | Content::TargetNumbers
            | Content::TargetDoubles => f.write_str("numbers"),
            Content::Categories { below } => write!(f, "categories below {below}"),
            // What a step makes of texts is no part of what rows hold.
            Content::Names | Content::Texts => f.write_str("texts"),
            Content::Pictures => f.write_str("pictures"),
            Content::Dates => f.write_str("dates"),
        }
    }
}

/// The values of a column, row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers(Vec<f32>),
    /// Numbers in double precision.
    Doubles(Vec<f64>),
    /// Category indices, or the index of a class.
    Categories(Vec<u32>),
    /// Texts.
    Texts(Vec<Arc<str>>),
    /// Pictures.
    Pictures(Vec<Picture>),
    /// Dates and times; a date alone is midnight.
    Dates(Vec<NaiveDateTime>),
}

impl Values {
    /// None yet.
    pub fn empty(content: Content) -> Values {
        match content {
            Content::Numbers { .. } | Content::TargetNumbers => Values::Numbers(Vec::new()),
            Content::Doubles { .. } | Content::TargetDoubles => Values::Doubles(Vec::new()),
            Content::Categories { .. } => Values::Categories(Vec::new()),
            Content::Names | Content::Texts => Values::Texts(Vec::new()),
            Content::Pictures => Values::Pictures(Vec::new()),
            Content::Dates => Values::Dates(Vec::new()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(values) => values.len(),
            Values::Doubles(values) => values.len(),
            Values::Categories(values) => values.len(),
            Values::Texts(values) => values.len(),
            Values::Pictures(values) => values.len(),
            Values::Dates(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of some rows, each of which has `width` of them.
    pub fn of_rows(&self, width: usize, rows: &[usize]) -> Values {
        fn gather<T: Clone>(values: &[T], width: usize, rows: &[usize]) -> Vec<T> {
            let mut gathered = Vec::with_capacity(rows.len() * width);
            // Rows that follow each other are copied together.
            for rows in rows.chunk_by(|row, next| row + 1 == *next) {
                let first = rows.first().copied().unwrap_or_default();
                gathered.extend_from_slice(&values[first * width..][..rows.len() * width]);
            }
            gathered
        }
        match self {
            Values::Numbers(values) => Values::Numbers(gather(values, width, rows)),
            Values::Doubles(values) => Values::Doubles(gather(values, width, rows)),
            Values::Categories(values) => Values::Categories(gather(values, width, rows)),
            Values::Texts(values) => Values::Texts(gather(values, width, rows)),
            Values::Pictures(values) => Values::Pictures(gather(values, width, rows)),
            Values::Dates(values) => Values::Dates(gather(values, width, rows)),
        }
    }

    /// Keeps the first `len` values.
    fn truncate(&mut self, len: usize) {
        match self {
            Values::Numbers(values) => values.truncate(len),
            Values::Doubles(values) => values.truncate(len),
            Values::Categories(values) => values.truncate(len),
            Values::Texts(values) => values.truncate(len),
            Values::Pictures(values) => values.truncate(len),
            Values::Dates(values) => values.truncate(len),
        }
    }

    /// Appends some values of others of their kind.
    fn extend_from(&mut self, others: &Values, range: Range<usize>) {
        match (self, others) {
            (Values::Numbers(own), Values::Numbers(all)) => own.extend_from_slice(&all[range]),
            (Values::Doubles(own), Values::Doubles(all)) => own.extend_from_slice(&all[range]),
            (Values::Categories(own), Values::Categories(all)) => {
                own.extend_from_slice(&all[range]);
            }
            (Values::Texts(own), Values::Texts(all)) => own.extend_from_slice(&all[range]),
            (Values::Pictures(own), Values::Pictures(all)) => own.extend_from_slice(&all[range]),
            (Values::Dates(own), Values::Dates(all)) => own.extend_from_slice(&all[range]),
            // A column's values are of one kind.
            _ => {}
        }
    }

    /// Exchanges rows of `width` values with those of others of their kind, pair by pair.
    fn swap(&mut self, others: &mut Values, width: usize, pairs: &[(usize, usize)]) {
        match (self, others) {
            (Values::Numbers(own), Values::Numbers(all)) => swap_rows(own, all, width, pairs),
            (Values::Doubles(own), Values::Doubles(all)) => swap_rows(own, all, width, pairs),
            (Values::Categories(own), Values::Categories(all)) => swap_rows(own, all, width, pairs),
            (Values::Texts(own), Values::Texts(all)) => swap_rows(own, all, width, pairs),
            (Values::Pictures(own), Values::Pictures(all)) => swap_rows(own, all, width, pairs),
            (Values::Dates(own), Values::Dates(all)) => swap_rows(own, all, width, pairs),
            _ => {}
        }
    }

    /// Puts rows of `width` values where `present` says that a row is there, and stand-ins between
    /// them, which nothing may rely on.
    pub fn spread(self, width: usize, present: &[bool]) -> Values {
        fn spread<T: Clone>(values: Vec<T>, width: usize, present: &[bool], none: T) -> Vec<T> {
            let mut rows = values.into_iter();
            let row = |&there: &bool| match there {
                true => rows.by_ref().take(width).collect::<Vec<T>>(),
                false => vec![none.clone(); width],
            };
            present.iter().flat_map(row).collect()
        }
        match self {
            Values::Numbers(values) => Values::Numbers(spread(values, width, present, 0.0)),
            Values::Doubles(values) => Values::Doubles(spread(values, width, present, 0.0)),
            Values::Categories(values) => Values::Categories(spread(values, width, present, 0)),
            Values::Texts(values) => Values::Texts(spread(values, width, present, "".into())),
            Values::Pictures(values) => {
                Values::Pictures(spread(values, width, present, Picture::none()))
            }
            Values::Dates(values) => {
                Values::Dates(spread(values, width, present, NaiveDateTime::default()))
            }
        }
    }

    /// Numbers in single precision, each the nearest; others as they are.
    pub(crate) fn in_single_precision(self) -> Values {
        match self {
            Values::Doubles(values) => {
                Values::Numbers(values.into_iter().map(|number| number as f32).collect())
            }
            others => others,
        }
    }

    /// Makes room for so many more.
    fn reserve(&mut self, count: usize) {
        match self {
            Values::Numbers(values) => values.reserve_exact(count),
            Values::Doubles(values) => values.reserve_exact(count),
            Values::Categories(values) => values.reserve_exact(count),
            Values::Texts(values) => values.reserve_exact(count),
            Values::Pictures(values) => values.reserve_exact(count),
            Values::Dates(values) => values.reserve_exact(count),
        }
    }

    /// Appends `count` stand-ins, which nothing may rely on.
    pub(super) fn push_nothing(&mut self, count: usize) {
        match self {
            Values::Numbers(values) => values.extend(std::iter::repeat_n(0.0, count)),
            Values::Doubles(values) => values.extend(std::iter::repeat_n(0.0, count)),
            Values::Categories(values) => values.extend(std::iter::repeat_n(0, count)),
            Values::Texts(values) => values.extend(std::iter::repeat_n("".into(), count)),
            Values::Pictures(values) => values.extend(std::iter::repeat_n(Picture::none(), count)),
            Values::Dates(values) => {
                values.extend(std::iter::repeat_n(NaiveDateTime::default(), count));
            }
        }
    }
}

/// What all rows hold for one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The field's name.
    pub name: &'static str,
    /// What it may hold.
    pub content: Content,
    /// How many values a row has.
    pub width: usize,
    /// The values, which rows that no step changes share with those that a user gave. Where a row
    /// is absent they are stand-ins, which nothing may rely on.
    pub values: Arc<Values>,
    /// Which rows are present; `None` where the field is not an `Option`.
    pub present: Option<Vec<bool>>,
}

impl Column {
    pub(crate) fn new(
        name: &'static str,
        content: Content,
        width: usize,
        optional: bool,
    ) -> Column {
        let values = Arc::new(Values::empty(content));
        Column { name, content, width, values, present: optional.then(Vec::new) }
    }

    /// The rows of these numbers, in this order.
    pub fn of_rows(&self, rows: &[usize]) -> Column {
        Column {
            values: Arc::new(self.values.of_rows(self.width, rows)),
            present: self.present.as_ref().map(|all| rows.iter().map(|&row| all[row]).collect()),
            ..*self
        }
    }

    /// Whether a row's value is there.
    pub fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }
}

/// Rows of raw or preprocessed values: one column for each input and, for rows to train on, one
/// for each target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns, inputs first.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub rows: usize,
}

impl Table {
    /// Makes room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            Arc::make_mut(&mut column.values).reserve(rows * column.width);
        }
    }

    /// Keeps the first rows alone, also of what a row that was refused has left in some columns.
    pub fn truncate(&mut self, rows: usize) {
        for column in &mut self.columns {
            Arc::make_mut(&mut column.values).truncate(rows * column.width);
            column.present.iter_mut().for_each(|present| present.truncate(rows));
        }
        self.rows = rows;
    }

    /// A table with the same columns and no rows.
    pub fn none(&self) -> Table {
        self.select(&[])
    }

    /// Appends some rows of another table with the same columns.
    pub fn append(&mut self, other: &Table, rows: Range<usize>) {
        for (own, others) in self.columns.iter_mut().zip(&other.columns) {
            let range = rows.start * own.width..rows.end * own.width;
            Arc::make_mut(&mut own.values).extend_from(&others.values, range);
            if let (Some(own), Some(others)) = (&mut own.present, &others.present) {
                own.extend_from_slice(&others[rows.clone()]);
            }
        }
        self.rows += rows.len();
    }

    /// Exchanges rows with those of another table with the same columns, pair by pair.
    pub fn swap(&mut self, other: &mut Table, pairs: &[(usize, usize)]) {
        for (own, others) in self.columns.iter_mut().zip(&mut other.columns) {
            let values = Arc::make_mut(&mut own.values);
            values.swap(Arc::make_mut(&mut others.values), own.width, pairs);
            if let (Some(own), Some(others)) = (&mut own.present, &mut others.present) {
                swap_rows(own, others, 1, pairs);
            }
        }
    }

    /// The rows of these numbers, in this order.
    pub fn select(&self, rows: &[usize]) -> Table {
        let columns = self.columns.iter().map(|column| column.of_rows(rows));
        Table { columns: columns.collect(), rows: rows.len() }
    }
}

/// Exchanges rows of `width` values with others, pair by pair.
pub(super) fn swap_rows<T>(
    own: &mut [T],
    others: &mut [T],
    width: usize,
    pairs: &[(usize, usize)],
) {
    for &(row, other) in pairs {
        match width {
            1 => std::mem::swap(&mut own[row], &mut others[other]),
            _ => {
                let others = &mut others[other * width..][..width];
                own[row * width..][..width].swap_with_slice(others);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_out_and_put_back_among_absent_ones() {
        let values = Values::Categories(vec![1, 2, 3, 4, 5, 6]);
        let taken = values.of_rows(2, &[2, 0]);
        assert_eq!(taken, Values::Categories(vec![5, 6, 1, 2]));
        let spread = taken.spread(2, &[true, false, true]);
        assert_eq!(spread, Values::Categories(vec![5, 6, 0, 0, 1, 2]));
    }

    #[test]
    fn rows_are_appended_and_exchanged() {
        let table = |numbers: &[f32], present: &[bool]| {
            let values = Arc::new(Values::Numbers(numbers.to_vec()));
            let (content, present) = (Content::Numbers { blanks: false }, Some(present.to_vec()));
            let column = Column { name: "x", content, width: 2, values, present };
            Table { columns: vec![column], rows: numbers.len() / 2 }
        };
        let mut own = table(&[1.0, 2.0, 3.0, 4.0], &[true, false]);
        let mut other = table(&[5.0, 6.0, 7.0, 8.0], &[true, true]);
        own.append(&other, 1..2);
        assert_eq!(own, table(&[1.0, 2.0, 3.0, 4.0, 7.0, 8.0], &[true, false, true]));
        own.swap(&mut other, &[(1, 0), (1, 1)]);
        assert_eq!(own, table(&[1.0, 2.0, 7.0, 8.0, 7.0, 8.0], &[true, true, true]));
        assert_eq!(other, table(&[3.0, 4.0, 5.0, 6.0], &[false, true]));
        assert_eq!(other.none(), table(&[], &[]));
    }
}
