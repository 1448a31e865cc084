//! Tables of rows, stored by column.

mod saved_rows;

pub use saved_rows::SavedRows;

use std::{fmt, ops::Range, sync::Arc};

use chrono::NaiveDateTime;

use super::Picture;

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `f32`, `bool` and arrays of them: finite numbers.
    Numbers {
        /// Whether values may be missing (NaN) until a step imputes them.
        blanks: bool,
    },
    /// `f64`, `i64`, `u64` and arrays of them: finite numbers that stay `f64` until the last step.
    Doubles {
        /// Whether values may be missing (NaN) until a step imputes them.
        blanks: bool,
    },
    /// The numbers of an `f32` target, none of which may be missing.
    TargetNumbers,
    /// The numbers of an `f64` target, none of which may be missing.
    TargetDoubles,
    /// `u32` and arrays of it: category indices below `below`.
    Categories {
        /// The number of categories: the first index that is out of range.
        below: usize,
    },
    /// A `String` that is a single category or label, and arrays of it. White space around it is
    /// removed.
    Names,
    /// Any other `String`, unchanged.
    Texts,
    /// `Image<C>`: decoded images.
    Pictures,
    /// Date types of chrono.
    Dates,
    /// `Vec`: lists of any length.
    Lists {
        /// Type of the items' elements.
        of: &'static Content,
        /// Number of elements of an item: N for `Vec<[f32; N]>`.
        width: usize,
    },
}

impl Content {
    /// Whether numbers may be missing; `None` for columns that are not numeric.
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
            // The precision of raw numbers is not part of a model.
            Content::Numbers { .. }
            | Content::Doubles { .. }
            | Content::TargetNumbers
            | Content::TargetDoubles => f.write_str("numbers"),
            Content::Categories { below } => write!(f, "categories below {below}"),
            // How steps process texts is not part of the column's description.
            Content::Names | Content::Texts => f.write_str("texts"),
            Content::Pictures => f.write_str("pictures"),
            Content::Dates => f.write_str("dates"),
            Content::Lists { of, .. } => write!(f, "lists of {of}"),
        }
    }
}

/// The values of a column, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers in single precision.
    Numbers(Vec<f32>),
    /// Numbers in double precision.
    Doubles(Vec<f64>),
    /// Category or class indices.
    Categories(Vec<u32>),
    /// Texts.
    Texts(Vec<Arc<str>>),
    /// Pictures.
    Pictures(Vec<Picture>),
    /// Dates and times; a date alone is midnight.
    Dates(Vec<NaiveDateTime>),
    /// Lists of any length, each with the elements of its items. They are shared, so that a row
    /// that is gathered or swapped is not copied.
    Lists(Vec<Arc<Values>>),
}

impl Values {
    /// An empty vector for a content type.
    pub fn empty(content: Content) -> Values {
        match content {
            Content::Numbers { .. } | Content::TargetNumbers => Values::Numbers(Vec::new()),
            Content::Doubles { .. } | Content::TargetDoubles => Values::Doubles(Vec::new()),
            Content::Categories { .. } => Values::Categories(Vec::new()),
            Content::Names | Content::Texts => Values::Texts(Vec::new()),
            Content::Pictures => Values::Pictures(Vec::new()),
            Content::Dates => Values::Dates(Vec::new()),
            Content::Lists { .. } => Values::Lists(Vec::new()),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(values) => values.len(),
            Values::Doubles(values) => values.len(),
            Values::Categories(values) => values.len(),
            Values::Texts(values) => values.len(),
            Values::Pictures(values) => values.len(),
            Values::Dates(values) => values.len(),
            Values::Lists(lists) => lists.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gathers rows of `width` values by index. NumPy: `values[rows]`.
    pub fn of_rows(&self, width: usize, rows: &[usize]) -> Values {
        fn gather<T: Clone>(values: &[T], width: usize, rows: &[usize]) -> Vec<T> {
            let mut gathered = Vec::with_capacity(rows.len() * width);
            // Consecutive rows are copied in one slice.
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
            Values::Lists(lists) => Values::Lists(gather(lists, width, rows)),
        }
    }

    /// Gathers single values: value `element` of row `row` is that of row `source(row, element)`.
    /// NumPy: `numpy.take_along_axis(values, source, axis=0)`.
    fn of_elements(
        &self,
        width: usize,
        rows: usize,
        source: &dyn Fn(usize, usize) -> usize,
    ) -> Values {
        let indices = (0..rows * width).map(|index| {
            let (row, element) = (index / width, index % width);
            source(row, element) * width + element
        });
        let indices: Vec<usize> = indices.collect();
        self.of_rows(1, &indices)
    }

    /// An empty vector of the variant of the lists. A placeholder, which is empty, may have another.
    pub(crate) fn empty_of(lists: &[Arc<Values>]) -> Values {
        let filled = lists.iter().find(|list| !list.is_empty()).or(lists.first());
        filled.map_or(Values::Numbers(Vec::new()), |list| list.slice(0..0))
    }

    /// The elements of lists one behind the other. NumPy: `concatenate`.
    pub(crate) fn concatenated(lists: &[Arc<Values>]) -> Values {
        let mut all = Values::empty_of(lists);
        all.reserve(lists.iter().map(|list| list.len()).sum());
        lists.iter().for_each(|list| all.extend_from(list, 0..list.len()));
        all
    }

    /// A range of the values.
    pub(crate) fn slice(&self, range: Range<usize>) -> Values {
        match self {
            Values::Numbers(all) => Values::Numbers(all[range].to_vec()),
            Values::Doubles(all) => Values::Doubles(all[range].to_vec()),
            Values::Categories(all) => Values::Categories(all[range].to_vec()),
            Values::Texts(all) => Values::Texts(all[range].to_vec()),
            Values::Pictures(all) => Values::Pictures(all[range].to_vec()),
            Values::Dates(all) => Values::Dates(all[range].to_vec()),
            Values::Lists(all) => Values::Lists(all[range].to_vec()),
        }
    }

    /// Truncates to the first `len` values.
    pub(super) fn truncate(&mut self, len: usize) {
        match self {
            Values::Numbers(values) => values.truncate(len),
            Values::Doubles(values) => values.truncate(len),
            Values::Categories(values) => values.truncate(len),
            Values::Texts(values) => values.truncate(len),
            Values::Pictures(values) => values.truncate(len),
            Values::Dates(values) => values.truncate(len),
            Values::Lists(lists) => lists.truncate(len),
        }
    }

    /// Appends a range of `others`, which has the same variant.
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
            (Values::Lists(own), Values::Lists(all)) => own.extend_from_slice(&all[range]),
            // All values of a column have the same variant.
            _ => {}
        }
    }

    /// Swaps rows of `width` values with rows of `others`, pair by pair.
    fn swap(&mut self, others: &mut Values, width: usize, pairs: &[(usize, usize)]) {
        match (self, others) {
            (Values::Numbers(own), Values::Numbers(all)) => swap_rows(own, all, width, pairs),
            (Values::Doubles(own), Values::Doubles(all)) => swap_rows(own, all, width, pairs),
            (Values::Categories(own), Values::Categories(all)) => swap_rows(own, all, width, pairs),
            (Values::Texts(own), Values::Texts(all)) => swap_rows(own, all, width, pairs),
            (Values::Pictures(own), Values::Pictures(all)) => swap_rows(own, all, width, pairs),
            (Values::Dates(own), Values::Dates(all)) => swap_rows(own, all, width, pairs),
            (Values::Lists(own), Values::Lists(all)) => swap_rows(own, all, width, pairs),
            _ => {}
        }
    }

    /// Scatters rows of `width` values to the positions where `present` is true. The other rows get
    /// placeholder values that must not be used.
    pub fn scatter(self, width: usize, present: &[bool]) -> Values {
        fn scatter<T: Clone>(
            values: Vec<T>,
            width: usize,
            present: &[bool],
            placeholder: T,
        ) -> Vec<T> {
            let mut rows = values.into_iter();
            let row = |&is_present: &bool| match is_present {
                true => rows.by_ref().take(width).collect::<Vec<T>>(),
                false => vec![placeholder.clone(); width],
            };
            present.iter().flat_map(row).collect()
        }
        match self {
            Values::Numbers(values) => Values::Numbers(scatter(values, width, present, 0.0)),
            Values::Doubles(values) => Values::Doubles(scatter(values, width, present, 0.0)),
            Values::Categories(values) => Values::Categories(scatter(values, width, present, 0)),
            Values::Texts(values) => Values::Texts(scatter(values, width, present, "".into())),
            Values::Pictures(values) => {
                Values::Pictures(scatter(values, width, present, Picture::none()))
            }
            Values::Dates(values) => {
                Values::Dates(scatter(values, width, present, NaiveDateTime::default()))
            }
            Values::Lists(lists) => Values::Lists(scatter(lists, width, present, no_list())),
        }
    }

    /// Calls `take` with the index and the value of every number, in `f64`; not at all for other
    /// values.
    pub fn each_number(&self, mut take: impl FnMut(usize, f64)) {
        match self {
            Values::Numbers(numbers) => {
                numbers.iter().enumerate().for_each(|(index, &number)| take(index, number.into()));
            }
            Values::Doubles(numbers) => {
                numbers.iter().enumerate().for_each(|(index, &number)| take(index, number));
            }
            _ => {}
        }
    }

    /// The result of a function of the index and the value of every number, computed in `f64` and
    /// kept in the precision of the numbers; other values are unchanged.
    pub fn map_numbers(mut self, mut to: impl FnMut(usize, f64) -> f64) -> Values {
        match &mut self {
            Values::Numbers(numbers) => {
                for (index, number) in numbers.iter_mut().enumerate() {
                    *number = to(index, (*number).into()) as f32;
                }
            }
            Values::Doubles(numbers) => {
                for (index, number) in numbers.iter_mut().enumerate() {
                    *number = to(index, *number);
                }
            }
            _ => {}
        }
        self
    }

    /// Rounds numbers to single precision; other values are unchanged.
    pub(crate) fn in_single_precision(self) -> Values {
        match self {
            Values::Doubles(values) => {
                Values::Numbers(values.into_iter().map(|number| number as f32).collect())
            }
            others => others,
        }
    }

    /// Reserves capacity for `count` more values.
    fn reserve(&mut self, count: usize) {
        match self {
            Values::Numbers(values) => values.reserve_exact(count),
            Values::Doubles(values) => values.reserve_exact(count),
            Values::Categories(values) => values.reserve_exact(count),
            Values::Texts(values) => values.reserve_exact(count),
            Values::Pictures(values) => values.reserve_exact(count),
            Values::Dates(values) => values.reserve_exact(count),
            Values::Lists(lists) => lists.reserve_exact(count),
        }
    }

    /// Appends `count` placeholder values that must not be used.
    pub(super) fn push_placeholders(&mut self, count: usize) {
        match self {
            Values::Numbers(values) => values.extend(std::iter::repeat_n(0.0, count)),
            Values::Doubles(values) => values.extend(std::iter::repeat_n(0.0, count)),
            Values::Categories(values) => values.extend(std::iter::repeat_n(0, count)),
            Values::Texts(values) => values.extend(std::iter::repeat_n("".into(), count)),
            Values::Pictures(values) => values.extend(std::iter::repeat_n(Picture::none(), count)),
            Values::Dates(values) => {
                values.extend(std::iter::repeat_n(NaiveDateTime::default(), count));
            }
            Values::Lists(lists) => lists.extend(std::iter::repeat_n(no_list(), count)),
        }
    }
}

/// The placeholder of a list.
fn no_list() -> Arc<Values> {
    Arc::new(Values::Numbers(Vec::new()))
}

/// The lengths of the lists of a column that `pad` has padded to one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Lengths {
    /// Number of values of each row that are no padding.
    pub of_rows: Vec<u32>,
    /// Whether the padding is before the values.
    pub padded_before: bool,
}

impl Lengths {
    /// The positions of the values in a row of `length` that are no padding.
    pub fn values_of(&self, row: usize, length: usize) -> Range<usize> {
        let values = (self.of_rows[row] as usize).min(length);
        match self.padded_before {
            true => length - values..length,
            false => 0..values,
        }
    }

    /// The lengths of present rows, scattered to the positions where `present` is true. The other
    /// rows have no values.
    pub(crate) fn scatter(self, present: &[bool]) -> Lengths {
        let mut lengths = self.of_rows.into_iter();
        let length = |&is_present: &bool| match is_present {
            true => lengths.next().unwrap_or_default(),
            false => 0,
        };
        Lengths { of_rows: present.iter().map(length).collect(), ..self }
    }
}

/// The values of one field for all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name of the field.
    pub name: &'static str,
    /// Type of the values.
    pub content: Content,
    /// Number of values per row.
    pub width: usize,
    /// The values. A column that no step changes shares them with the raw column. Absent rows hold
    /// placeholder values that must not be used.
    pub values: Arc<Values>,
    /// The mask of present rows; `None` where the field is not an `Option`.
    pub present: Option<Vec<bool>>,
    /// The lengths of padded lists; `None` for other columns.
    pub lengths: Option<Lengths>,
}

impl Column {
    pub(crate) fn new(
        name: &'static str,
        content: Content,
        width: usize,
        optional: bool,
    ) -> Column {
        let values = Arc::new(Values::empty(content));
        Column { name, content, width, values, present: optional.then(Vec::new), lengths: None }
    }

    /// Gathers rows by index.
    pub fn of_rows(&self, rows: &[usize]) -> Column {
        Column {
            values: Arc::new(self.values.of_rows(self.width, rows)),
            present: self.present.as_ref().map(|all| rows.iter().map(|&row| all[row]).collect()),
            lengths: self.lengths.as_ref().map(|all| Lengths {
                of_rows: rows.iter().map(|&row| all.of_rows[row]).collect(),
                ..*all
            }),
            ..*self
        }
    }

    /// Gathers single values into `rows` rows: value `element` of row `row` is that of row
    /// `source(row, element)`. Whether the row is present is taken from the source of its first
    /// value, so the sources of one row must all be present or all be absent.
    pub fn of_elements(&self, rows: usize, source: &dyn Fn(usize, usize) -> usize) -> Column {
        let first: Vec<usize> = (0..rows).map(|row| source(row, 0)).collect();
        let mut gathered = self.of_rows(&first);
        if self.width > 1 {
            gathered.values = Arc::new(self.values.of_elements(self.width, rows, source));
        }
        gathered
    }

    /// Whether the value of a row is present.
    pub fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }
}

/// A table of raw or preprocessed values: one column per input and, for rows to train on, one per
/// target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns, inputs first.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
}

impl Table {
    /// Reserves capacity for `rows` more rows.
    pub fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            Arc::make_mut(&mut column.values).reserve(rows * column.width);
        }
    }

    /// Truncates to the first `rows` rows, including values of a refused row that were written to
    /// some of the columns.
    pub fn truncate(&mut self, rows: usize) {
        for column in &mut self.columns {
            Arc::make_mut(&mut column.values).truncate(rows * column.width);
            column.present.iter_mut().for_each(|present| present.truncate(rows));
            column.lengths.iter_mut().for_each(|lengths| lengths.of_rows.truncate(rows));
        }
        self.rows = rows;
    }

    /// An empty table with the same columns. pandas: `table.iloc[:0]`.
    pub fn none(&self) -> Table {
        self.select(&[])
    }

    /// Appends a range of rows of another table with the same columns.
    pub fn append(&mut self, other: &Table, rows: Range<usize>) {
        for (own, others) in self.columns.iter_mut().zip(&other.columns) {
            let range = rows.start * own.width..rows.end * own.width;
            Arc::make_mut(&mut own.values).extend_from(&others.values, range);
            if let (Some(own), Some(others)) = (&mut own.present, &others.present) {
                own.extend_from_slice(&others[rows.clone()]);
            }
            if let (Some(own), Some(others)) = (&mut own.lengths, &others.lengths) {
                own.of_rows.extend_from_slice(&others.of_rows[rows.clone()]);
            }
        }
        self.rows += rows.len();
    }

    /// Swaps rows with rows of another table with the same columns, pair by pair.
    pub fn swap(&mut self, other: &mut Table, pairs: &[(usize, usize)]) {
        for (own, others) in self.columns.iter_mut().zip(&mut other.columns) {
            let values = Arc::make_mut(&mut own.values);
            values.swap(Arc::make_mut(&mut others.values), own.width, pairs);
            if let (Some(own), Some(others)) = (&mut own.present, &mut others.present) {
                swap_rows(own, others, 1, pairs);
            }
            if let (Some(own), Some(others)) = (&mut own.lengths, &mut others.lengths) {
                swap_rows(&mut own.of_rows, &mut others.of_rows, 1, pairs);
            }
        }
    }

    /// Gathers rows by index. pandas: `table.iloc[rows]`.
    pub fn select(&self, rows: &[usize]) -> Table {
        let columns = self.columns.iter().map(|column| column.of_rows(rows));
        Table { columns: columns.collect(), rows: rows.len() }
    }
}

/// Swaps rows of `width` values between two slices, pair by pair.
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
        let scattered = taken.scatter(2, &[true, false, true]);
        assert_eq!(scattered, Values::Categories(vec![5, 6, 0, 0, 1, 2]));
    }

    #[test]
    fn a_row_is_composed_of_the_values_of_several_rows() {
        let column = Column {
            name: "x",
            content: Content::Texts,
            width: 2,
            values: Arc::new(Values::Categories(vec![1, 2, 3, 4, 5, 6])),
            present: Some(vec![true, true, false]),
            lengths: None,
        };
        let composed = column.of_elements(2, &|row, element| if row == 0 { element } else { 2 });
        assert_eq!(*composed.values, Values::Categories(vec![1, 4, 5, 6]));
        assert_eq!((composed.width, composed.present), (2, Some(vec![true, false])));
    }

    #[test]
    fn rows_are_appended_and_exchanged() {
        let table = |numbers: &[f32], present: &[bool]| {
            let values = Arc::new(Values::Numbers(numbers.to_vec()));
            let (content, present) = (Content::Numbers { blanks: false }, Some(present.to_vec()));
            let column = Column { name: "x", content, width: 2, values, present, lengths: None };
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

    #[test]
    fn the_lengths_of_padded_lists_go_with_their_rows() {
        let table = |lists: &[&[u32]], of_rows: &[u32]| {
            let lists = lists.iter().map(|list| Arc::new(Values::Categories(list.to_vec())));
            let values = Arc::new(Values::Lists(lists.collect()));
            let content = Content::Lists { of: &Content::Categories { below: 9 }, width: 1 };
            let lengths = Some(Lengths { of_rows: of_rows.to_vec(), padded_before: true });
            let column = Column { name: "x", content, width: 1, values, present: None, lengths };
            Table { columns: vec![column], rows: of_rows.len() }
        };
        let mut own = table(&[&[1, 2], &[]], &[2, 0]);
        let mut other = table(&[&[3]], &[1]);
        own.append(&other, 0..1);
        assert_eq!(own, table(&[&[1, 2], &[], &[3]], &[2, 0, 1]));
        own.swap(&mut other, &[(0, 0)]);
        assert_eq!(other, table(&[&[1, 2]], &[2]));
        own.truncate(2);
        assert_eq!(own, table(&[&[3], &[]], &[1, 0]));
        let lengths = Lengths { of_rows: vec![2, 5], padded_before: true };
        assert_eq!((lengths.values_of(0, 5), lengths.values_of(1, 4)), (3..5, 0..4));
        assert_eq!(lengths.scatter(&[true, false, true]).of_rows, [2, 0, 5]);
    }

    #[test]
    fn lists_count_in_the_memory_of_a_table() {
        let list = |count: usize| Arc::new(Values::Doubles(vec![0.5; count]));
        let values = Arc::new(Values::Lists(vec![list(1000), list(0)]));
        let content = Content::Lists { of: &Content::Doubles { blanks: false }, width: 1 };
        let column = Column { name: "x", content, width: 1, values, present: None, lengths: None };
        let table = Table { columns: vec![column], rows: 2 };
        assert!(table.bytes(0..1) >= 8000 && table.bytes(1..2) < 100);
    }
}
