//! Raw value types of rows, and how they are written to a table.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use multi_input_base::{quote::Quoted, Error, Result};

use multi_input_cells::{expected_of_whole, is_held, of_whole};

use super::{real::Real, Class, Column, Content, Image, Picture, Table, Values};

/// A raw value of a row: `f32`, `f64`, `i64`, `u64`, `bool`, `u32`, `String`, arrays of them,
/// `Image<C>`, chrono's dates, `Vec` and `Option` of those, `Class<N>`, and newtypes
/// ([`Newtype`](crate::Newtype)) around them.
pub trait Raw {
    /// Appends the elements of the value, in row-major order.
    fn write(&self, column: &mut ColumnWriter<'_>);

    /// Appends the elements of several values.
    fn write_all(values: &[Self], column: &mut ColumnWriter<'_>)
    where
        Self: Sized,
    {
        values.iter().for_each(|value| value.write(column));
    }
}

impl Raw for f32 {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.number(*self);
    }

    fn write_all(values: &[f32], column: &mut ColumnWriter<'_>) {
        column.numbers(values);
    }
}

impl Raw for f64 {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.double(*self);
    }

    fn write_all(values: &[f64], column: &mut ColumnWriter<'_>) {
        column.doubles(values);
    }
}

impl Raw for i64 {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.whole((*self).into());
    }
}

impl Raw for u64 {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.whole((*self).into());
    }
}

impl Raw for bool {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.number(f32::from(u8::from(*self)));
    }
}

impl Raw for u32 {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.category(*self as usize);
    }

    fn write_all(values: &[u32], column: &mut ColumnWriter<'_>) {
        column.categories(values);
    }
}

impl Raw for String {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.text(self);
    }
}

impl<const C: usize> Raw for Image<C> {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.picture(self.picture());
    }
}

impl Raw for NaiveDate {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.date(self.and_time(NaiveTime::MIN));
    }
}

impl Raw for NaiveDateTime {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.date(*self);
    }
}

impl Raw for DateTime<Utc> {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.date(self.naive_utc());
    }
}

impl<const N: usize> Raw for Class<N> {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.category(self.index());
    }
}

impl<T: Raw, const N: usize> Raw for [T; N] {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        T::write_all(self, column);
    }

    fn write_all(values: &[Self], column: &mut ColumnWriter<'_>) {
        T::write_all(values.as_flattened(), column);
    }
}

impl<T: Raw> Raw for Vec<T> {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        column.list(self);
    }
}

impl<T: Raw> Raw for Option<T> {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        match self {
            Some(value) => value.write(column),
            None => column.absent(),
        }
    }

    /// The elements of an array: a missing one is a missing number.
    fn write_all(values: &[Option<T>], column: &mut ColumnWriter<'_>) {
        values.iter().for_each(|value| match value {
            Some(value) => value.write(column),
            None => column.missing_element(),
        });
    }
}

/// Writes the elements of one value to a column.
#[derive(Debug)]
pub struct ColumnWriter<'a> {
    column: &'a mut Column,
    row: usize,
    absent: bool,
    /// Number of missing numbers of the value, in a column whose values may be absent.
    missing: usize,
    problem: &'a mut Option<Error>,
}

impl ColumnWriter<'_> {
    /// Appends a finite number.
    pub fn number(&mut self, number: f32) {
        self.real(number);
    }

    /// Appends finite numbers.
    pub fn numbers(&mut self, numbers: &[f32]) {
        self.reals(numbers);
    }

    /// Appends a finite number in double precision.
    pub fn double(&mut self, number: f64) {
        self.real(number);
    }

    /// Appends finite numbers in double precision.
    pub fn doubles(&mut self, numbers: &[f64]) {
        self.reals(numbers);
    }

    /// Appends a whole number, which `f64` must represent exactly.
    pub fn whole(&mut self, number: i128) {
        match of_whole::<f64>(number) {
            Some(number) => self.double(number),
            None => self.refuse(&expected_of_whole::<f64>(number), number.to_string()),
        }
    }

    fn real<T: Real>(&mut self, number: T) {
        match self.expected_for_nan() {
            None if number.is_nan() => {}
            // Whether the whole value is missing is known at its end.
            _ if number.is_nan() && self.column.present.is_some() => {}
            Some(expected) if number.is_nan() => self.refuse(expected, number.to_string()),
            _ if is_held(number) => {}
            _ if number.is_finite() => {
                self.refuse("a finite number that `f32` can hold", number.to_string());
            }
            _ => self.refuse("a finite number", number.to_string()),
        }
        self.missing += usize::from(number.is_nan());
        match T::numbers_of(self.values()) {
            Some(numbers) => numbers.push(number),
            None => self.refuse_kind(format!("the number {number}")),
        }
    }

    /// The expected value in the error for NaN; `None` where NaN denotes a missing number.
    fn expected_for_nan(&self) -> Option<&'static str> {
        match (self.column.content, &self.column.present) {
            (Content::Numbers { blanks: true } | Content::Doubles { blanks: true }, _) => None,
            (Content::Numbers { .. } | Content::Doubles { .. }, _) => {
                Some("a finite number (`impute(mean)` replaces what is missing)")
            }
            (Content::TargetNumbers | Content::TargetDoubles, Some(_)) => {
                Some("a finite number, or `None` where it is not known")
            }
            (Content::TargetNumbers | Content::TargetDoubles, None) => Some(
                "a finite number (where some rows do not know it, make the target an `Option`)",
            ),
            _ => Some("a finite number"),
        }
    }

    fn reals<T: Real>(&mut self, numbers: &[T]) {
        // Without an early exit the compiler vectorises the loop.
        let all_held = numbers.iter().fold(true, |all, number| all & is_held(*number));
        match T::numbers_of(self.values()) {
            Some(all) if all_held => all.extend_from_slice(numbers),
            _ => numbers.iter().for_each(|number| self.real(*number)),
        }
    }

    /// Appends a category index, which must be in the range of the column.
    pub fn category(&mut self, index: usize) {
        match self.column.content {
            Content::Categories { below } if index >= below => self.refuse(
                &format!("a category below {below} (0 to {})", below.saturating_sub(1)),
                index.to_string(),
            ),
            _ => {}
        }
        match self.values() {
            Values::Categories(categories) => {
                categories.push(u32::try_from(index).unwrap_or(u32::MAX));
            }
            _ => self.refuse_kind(format!("category {index}")),
        }
    }

    /// Appends category indices, which must be in the range of the column.
    pub fn categories(&mut self, indices: &[u32]) {
        let Content::Categories { below } = self.column.content else {
            return indices.iter().for_each(|index| self.category(*index as usize));
        };
        let known = indices.iter().fold(true, |all, index| all & ((*index as usize) < below));
        match self.values() {
            Values::Categories(all) if known => all.extend_from_slice(indices),
            _ => indices.iter().for_each(|index| self.category(*index as usize)),
        }
    }

    /// Appends a text. Categories and labels are trimmed, as sources do.
    pub fn text(&mut self, text: &str) {
        let text = if self.column.content == Content::Names { text.trim() } else { text };
        match self.values() {
            Values::Texts(texts) => texts.push(text.into()),
            _ => self.refuse_kind(format!("the text {}", Quoted(text))),
        }
    }

    /// Appends an image.
    pub fn picture(&mut self, picture: &Picture) {
        match self.values() {
            Values::Pictures(pictures) => pictures.push(picture.clone()),
            _ => self.refuse_kind(format!("{picture:?}")),
        }
    }

    /// Appends a date.
    pub fn date(&mut self, date: NaiveDateTime) {
        match self.values() {
            Values::Dates(dates) => dates.push(date),
            _ => self.refuse_kind(format!("the date {date}")),
        }
    }

    /// Appends a list, whose items are checked as values of their own.
    pub fn list<T: Raw>(&mut self, items: &[T]) {
        let Content::Lists { of, width } = self.column.content else {
            return self.refuse_kind(format!("a list of {}", items.len()));
        };
        let was_sound = self.problem.is_none();
        let values = self.items(*of, |writer| T::write_all(items, writer));
        if was_sound && self.problem.is_some() {
            self.name_item(*of, items);
        }
        if values.len() != items.len() * width {
            self.refuse(&format!("items of {width} values"), format!("{} in all", values.len()));
        }
        match self.values() {
            Values::Lists(lists) => lists.push(Arc::new(values)),
            _ => self.refuse_kind(format!("a list of {}", items.len())),
        }
    }

    /// Adds the index of the first item that is refused to the error.
    fn name_item<T: Raw>(&mut self, of: Content, items: &[T]) {
        let index = items.iter().position(|item| {
            *self.problem = None;
            self.items(of, |writer| item.write(writer));
            self.problem.is_some()
        });
        if let (Some(Error::Value { found, .. }), Some(index)) = (&mut *self.problem, index) {
            found.push_str(&format!(" (item {index})"));
        }
    }

    /// The values that `write` writes to a column of `content`, with the errors of this row.
    fn items(&mut self, content: Content, write: impl FnOnce(&mut ColumnWriter<'_>)) -> Values {
        let mut column = Column::new(self.column.name, content, 1, false);
        let (row, problem) = (self.row, &mut *self.problem);
        let own = &mut column;
        write(&mut ColumnWriter { column: own, row, absent: false, missing: 0, problem });
        Arc::unwrap_or_clone(column.values)
    }

    /// Appends a missing element, which is NaN in a column of numbers.
    fn missing_element(&mut self) {
        match self.values() {
            Values::Numbers(_) => self.real(f32::NAN),
            Values::Doubles(_) => self.real(f64::NAN),
            _ => self.refuse_kind("None".to_owned()),
        }
    }

    /// Marks the value as absent.
    pub fn absent(&mut self) {
        self.absent = true;
        let width = self.column.width;
        self.values().push_placeholders(width);
    }

    fn values(&mut self) -> &mut Values {
        Arc::make_mut(&mut self.column.values)
    }

    /// Records the error that a value has another type than its column.
    fn refuse_kind(&mut self, found: String) {
        let expected = match self.column.content {
            Content::Numbers { .. }
            | Content::Doubles { .. }
            | Content::TargetNumbers
            | Content::TargetDoubles => "a number",
            Content::Categories { .. } => "a category",
            Content::Names | Content::Texts => "a text",
            Content::Pictures => "a picture",
            Content::Dates => "a date",
            Content::Lists { .. } => "a list",
        };
        self.refuse(expected, found);
    }

    /// Records an error; only the first one of a row is kept. The row is then removed from the
    /// table.
    fn refuse(&mut self, expected: &str, found: String) {
        self.problem.get_or_insert_with(|| Error::Value {
            row: self.row,
            field: self.column.name.to_owned(),
            expected: expected.to_owned(),
            found,
        });
    }
}

/// Writes one row to a table, column by column.
#[derive(Debug)]
pub struct RowWriter<'a> {
    table: &'a mut Table,
    column: usize,
    problem: Option<Error>,
}

impl RowWriter<'_> {
    /// Writes `value` to the next column.
    pub fn put<R: Raw>(&mut self, value: &R) {
        let index = self.column;
        self.column += 1;
        if let Some(column) = self.table.columns.get_mut(index) {
            column.append(self.table.rows, value, &mut self.problem);
        }
    }

    /// Finishes the row; a row with an error is removed.
    fn end(self) -> Result<()> {
        let RowWriter { table, column: written, problem } = self;
        let columns = table.columns.len();
        let incomplete = || Error::Value {
            row: table.rows,
            field: "all of them".to_owned(),
            expected: format!("{columns} values, one for each field"),
            found: written.to_string(),
        };
        match problem.or_else(|| (written != columns).then(incomplete)) {
            Some(problem) => {
                table.truncate(table.rows);
                Err(problem)
            }
            None => {
                table.rows += 1;
                Ok(())
            }
        }
    }
}

impl Column {
    /// Appends the value of row `row`, or records its error in `problem`.
    pub(super) fn append<R: Raw>(&mut self, row: usize, value: &R, problem: &mut Option<Error>) {
        let mut writer = ColumnWriter { column: self, row, absent: false, missing: 0, problem };
        value.write(&mut writer);
        writer.end();
    }
}

impl ColumnWriter<'_> {
    /// Finishes the value, which must have as many elements as the column is wide.
    fn end(mut self) {
        let elements = self.column.values.len();
        if elements != (self.row + 1) * self.column.width {
            let expected = format!("{} values", self.column.width);
            self.refuse(&expected, format!("{elements} in this and the rows before"));
        }
        self.end_missing();
        let absent = self.absent;
        match &mut self.column.present {
            Some(present) => present.push(!absent),
            None if absent => self.refuse("a value", "None".to_owned()),
            None => {}
        }
    }
}

impl ColumnWriter<'_> {
    /// A value all of whose numbers are missing is absent, as one whose cells are all blank.
    fn end_missing(&mut self) {
        let width = self.column.width;
        if self.missing == 0 || self.absent || self.column.present.is_none() {
            return;
        }
        if self.missing == width {
            let start = self.row * width;
            self.values().truncate(start);
            self.absent();
        } else if let Some(expected) = self.expected_for_nan() {
            self.refuse(expected, "NaN".to_owned());
        }
    }
}

impl Table {
    /// Appends a row that `write` writes.
    ///
    /// # Errors
    /// [`Error::Value`] for the first value that its column does not accept. The table then keeps
    /// the preceding rows only.
    pub fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) -> Result<()> {
        let mut row = RowWriter { table: self, column: 0, problem: None };
        write(&mut row);
        row.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Content = Content::Numbers { blanks: false };

    fn column(content: Content, width: usize, optional: bool) -> Table {
        let values = Arc::new(Values::empty(content));
        let present = optional.then(Vec::new);
        let column = Column { name: "serum", content, width, values, present, lengths: None };
        Table { columns: vec![column], rows: 0 }
    }

    #[test]
    fn values_are_appended_in_order_and_absent_ones_are_marked() {
        let mut table = column(NUMBERS, 4, true);
        table.push(|row| row.put(&Some([[1.0f32, 2.0], [3.0, 4.0]]))).unwrap();
        table.push(|row| row.put(&None::<[[f32; 2]; 2]>)).unwrap();
        let numbers = vec![1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(*table.columns[0].values, Values::Numbers(numbers));
        assert_eq!(table.columns[0].present, Some(vec![true, false]));
    }

    #[test]
    fn lists_keep_their_lengths_and_their_items_are_checked() {
        let lists = |of, width| column(Content::Lists { of, width }, 1, true);
        let mut table = lists(&Content::Categories { below: 5 }, 1);
        table.push(|row| row.put(&Some(vec![3_u32, 0, 4]))).unwrap();
        table.push(|row| row.put(&None::<Vec<u32>>)).unwrap();
        table.push(|row| row.put(&Some(Vec::<u32>::new()))).unwrap();
        let Values::Lists(found) = &*table.columns[0].values else { panic!() };
        assert_eq!(*found[0], Values::Categories(vec![3, 0, 4]));
        assert_eq!(*found[2], Values::Categories(Vec::new()));
        assert_eq!(table.columns[0].present, Some(vec![true, false, true]));
        assert_eq!(
            table.push(|row| row.put(&Some(vec![1_u32, 5]))).unwrap_err().to_string(),
            "row 3, field `serum`: expected a category below 5 (0 to 4), found 5 (item 1)"
        );
        assert_eq!(table.rows, 3);
        let mut table = lists(&NUMBERS, 2);
        table.push(|row| row.put(&vec![[1.0_f32, 2.0], [3.0, 4.0]])).unwrap();
        assert!(table.push(|row| row.put(&vec![[1.0_f32, f32::NAN]])).is_err());
        assert!(table.push(|row| row.put(&vec![1.0_f32])).is_err());
        assert!(table.push(|row| row.put(&[1.0_f32, 2.0])).is_err());
        assert!(column(NUMBERS, 1, false).push(|row| row.put(&vec![1.0_f32])).is_err());
    }

    #[test]
    fn a_value_of_missing_numbers_alone_is_absent() {
        let mut table = column(NUMBERS, 2, true);
        table.push(|row| row.put(&Some([f32::NAN, f32::NAN]))).unwrap();
        table.push(|row| row.put(&Some([1.0f32, 2.0]))).unwrap();
        assert_eq!(*table.columns[0].values, Values::Numbers(vec![0.0, 0.0, 1.0, 2.0]));
        assert_eq!(table.columns[0].present, Some(vec![false, true]));
        let error = table.push(|row| row.put(&Some([1.0f32, f32::NAN]))).unwrap_err().to_string();
        assert!(error.ends_with("found NaN"), "{error}");

        let mut imputed = column(Content::Numbers { blanks: true }, 2, false);
        imputed.push(|row| row.put(&[Some(1.0f32), None])).unwrap();
        match &*imputed.columns[0].values {
            Values::Numbers(numbers) => assert!(numbers[0] == 1.0 && numbers[1].is_nan()),
            other => panic!("{other:?}"),
        }
        let mut required = column(NUMBERS, 2, false);
        assert!(required.push(|row| row.put(&[Some(1.0f32), None])).is_err());
    }

    #[test]
    fn a_row_with_too_few_or_too_many_values_is_refused() {
        let mut table = column(NUMBERS, 1, false);
        assert!(table.push(|_| ()).is_err());
        let mut table = column(NUMBERS, 1, false);
        let twice = table.push(|row| {
            row.put(&1.0f32);
            row.put(&1.0f32);
        });
        assert!(twice.is_err());
        let mut table = column(NUMBERS, 2, false);
        assert!(table.push(|row| row.put(&1.0f32)).is_err());
    }

    #[test]
    fn a_value_that_does_not_fit_names_row_and_field() {
        let mut table = column(NUMBERS, 2, false);
        table.push(|row| row.put(&[1.0f32, 2.0])).unwrap();
        let error = table.push(|row| row.put(&[1.0f32, f32::NAN])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1, field `serum`: expected a finite number (`impute(mean)` replaces \
             what is missing), found NaN"
        );

        let mut table = column(Content::Categories { below: 3 }, 1, false);
        table.push(|row| row.put(&true)).unwrap_err();
        let mut table2 = column(Content::Categories { below: 3 }, 1, false);
        table2.push(|row| row.put(&2u32)).unwrap();
        assert_eq!(
            table2.push(|row| row.put(&3u32)).unwrap_err().to_string(),
            "row 1, field `serum`: expected a category below 3 (0 to 2), found 3"
        );
    }
}
