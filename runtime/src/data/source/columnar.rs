//! Rows from Arrow's tables of columns.

use std::{panic::AssertUnwindSafe, path::Path, sync::Arc};

use arrow_array::{
    cast::AsArray,
    types::{Float64Type, Int64Type, UInt64Type},
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeListArray, RecordBatch,
    StringArray, UInt64Array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use serde::de::DeserializeOwned;

use super::{
    record::{Field, Records},
    tables::until_error,
    Block, Wanted,
};
use crate::{
    data::{
        columns::{Cell, Grid, Interned, Plan, Reads},
        of_float, of_whole, Real, Values,
    },
    Error, Result,
};

/// How many rows are decoded together.
pub(super) const ROWS_AT_ONCE: usize = 4096;

/// Tables of columns, which come one after the other, as rows of structs or as tables of ours.
pub(super) struct Tables<I, R> {
    name: String,
    decoded: I,
    records: Records<R>,
}

impl<I: Iterator<Item = Decoded>, R: DeserializeOwned> Tables<I, R> {
    /// Those of a file, with columns of these names.
    pub(super) fn new<'a>(
        path: &Path,
        columns: impl Iterator<Item = &'a str>,
        decoded: I,
    ) -> Tables<I, R> {
        let name = path.display().to_string();
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let records = Records::new(name.clone(), Arc::from(columns));
        let records = records.from_folder(path.parent().map(Arc::from));
        Tables { name, decoded, records }
    }

    /// The names of the columns.
    #[cfg(feature = "arrow")]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.columns()
    }

    /// Every row by itself.
    pub(super) fn rows(mut self) -> impl Iterator<Item = Result<R>> {
        // Row by row, for a row with a picture takes much memory.
        let mut table: Option<(Found, usize)> = None;
        std::iter::from_fn(move || loop {
            match &mut table {
                Some((found, row)) if *row < found.rows => {
                    *row += 1;
                    return Some(self.records.read(found.record(*row - 1)));
                }
                _ => match self.next()? {
                    Ok(found) => table = Some((found, 0)),
                    Err(error) => return Some(Err(error)),
                },
            }
        })
    }

    /// As tables, where `plan` finds all fields of a row in the columns.
    pub(super) fn blocks(
        mut self,
        plan: Plan,
        wanted: &Wanted,
    ) -> impl Iterator<Item = Block<R>> + use<'_, I, R> {
        std::iter::from_fn(move || {
            Some(match self.next()? {
                Err(error) => Block::Rows(vec![Err(error)]),
                Ok(found) => match wanted.table(&plan, &found) {
                    Some(table) => {
                        self.records.skip(found.rows as u64);
                        Block::Table(table)
                    }
                    None => Block::Rows(self.read(&found)),
                },
            })
        })
    }

    fn read(&mut self, found: &Found) -> Vec<Result<R>> {
        (0..found.rows).map(|row| self.records.read(found.record(row))).collect()
    }

    fn next(&mut self) -> Option<Result<Found>> {
        let damaged = |reason| Error::Database { database: self.name.clone(), reason };
        Some(self.decoded.next()?.map_err(damaged))
    }
}

/// A table, or why there is none and nothing follows.
pub(super) type Decoded = std::result::Result<Found, String>;

/// Tables in few types. What these formats' own readers do not expect of a damaged file, they panic on.
pub(super) fn decoded<E: ToString>(
    mut tables: impl Iterator<Item = std::result::Result<RecordBatch, E>>,
) -> impl Iterator<Item = Decoded> {
    // After an error, or a panic, nothing more is asked of the reader.
    until_error(std::iter::from_fn(move || {
        let table = std::panic::catch_unwind(AssertUnwindSafe(|| tables.next()));
        Some(match table {
            Ok(table) => {
                table?.map_err(|error| error.to_string()).and_then(|table| Found::new(&table))
            }
            Err(_) => Err("its reader gave up on it: it is damaged".to_owned()),
        })
    }))
}

/// The names of the columns.
pub(super) fn names(schema: &SchemaRef) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}

/// The columns of a table.
pub(super) struct Found {
    rows: usize,
    columns: Vec<Column>,
}

impl Found {
    fn new(table: &RecordBatch) -> Decoded {
        let columns =
            table.columns().iter().map(Column::new).collect::<std::result::Result<_, _>>();
        Ok(Found { rows: table.num_rows(), columns: columns? })
    }

    /// The fields of a row.
    fn record(&self, row: usize) -> impl Iterator<Item = Field<'_>> {
        self.columns.iter().map(move |column| column.at(row))
    }

    /// Appends the numbers of some columns, row by row.
    fn append<T: Real>(&self, columns: &[usize], blanks: bool, to: &mut Vec<T>) -> bool {
        let (start, step) = (to.len(), columns.len());
        to.resize(start + self.rows * step, T::zero());
        columns.iter().enumerate().all(|(first, &column)| {
            let column = self.columns.get(column);
            let to = to.get_mut(start + first..).unwrap_or_default();
            column.is_some_and(|column| column.numbers(blanks, step, to))
        })
    }

    /// The columns of this table and of another one with the same rows.
    pub(super) fn beside(mut self, other: Found) -> Decoded {
        if self.rows != other.rows {
            return Err("its columns have different lengths: it is damaged".to_owned());
        }
        self.columns.extend(other.columns);
        Ok(self)
    }
}

/// A column in one of few types.
enum Column {
    Nothing,
    Bools(BooleanArray),
    Unsigned(UInt64Array),
    Integers(Int64Array),
    Floats(Float64Array),
    Texts(StringArray),
    /// With what the elements of all lists are.
    Lists(LargeListArray, Box<Column>),
}

impl Column {
    fn new(column: &ArrayRef) -> std::result::Result<Column, String> {
        let to = |to: &DataType| cast(column, to).map_err(|error| error.to_string());
        Ok(match column.data_type() {
            DataType::Null => Column::Nothing,
            DataType::Boolean => Column::Bools(column.as_boolean().clone()),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                let lists = to(&DataType::LargeList(item.clone()))?.as_list::<i64>().clone();
                let items = Column::new(lists.values())?;
                Column::Lists(lists, Box::new(items))
            }
            DataType::Dictionary(_, values) => Column::new(&to(values)?)?,
            whole if whole.is_unsigned_integer() => {
                Column::Unsigned(to(&DataType::UInt64)?.as_primitive::<UInt64Type>().clone())
            }
            whole if whole.is_signed_integer() => {
                Column::Integers(to(&DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            real if real.is_floating() || real.is_decimal() => {
                Column::Floats(to(&DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            // As ISO 8601 writes them.
            | DataType::Date32
            | DataType::Date64
            | DataType::Timestamp(..) => Column::Texts(to(&DataType::Utf8)?.as_string().clone()),
            other => return Err(format!("a column is of type {other}, which no field takes")),
        })
    }

    fn at(&self, row: usize) -> Field<'_> {
        if self.is_null(row) {
            return Field::Null;
        }
        match self {
            Column::Nothing => Field::Null,
            Column::Bools(values) => Field::Bool(values.value(row)),
            Column::Unsigned(values) => Field::Unsigned(values.value(row)),
            Column::Integers(values) => Field::Integer(values.value(row)),
            Column::Floats(values) => Field::Float(values.value(row)),
            Column::Texts(values) => Field::Text(values.value(row).into()),
            Column::Lists(lists, items) => {
                let offsets = lists.value_offsets();
                let [from, to] = [offsets[row], offsets[row + 1]].map(|offset| offset as usize);
                Field::List((from..to).map(|place| items.at(place)).collect())
            }
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Column::Nothing => true,
            Column::Bools(values) => values.is_null(row),
            Column::Unsigned(values) => values.is_null(row),
            Column::Integers(values) => values.is_null(row),
            Column::Floats(values) => values.is_null(row),
            Column::Texts(values) => values.is_null(row),
            Column::Lists(values, _) => values.is_null(row),
        }
    }

    /// Puts the numbers into every `step`th place, or NaN where one is missing and may be; whether all
    /// are numbers.
    fn numbers<T: Real>(&self, blanks: bool, step: usize, to: &mut [T]) -> bool {
        let mut places = to.iter_mut().step_by(step);
        // What is there may be a number that the type does not hold.
        let mut put = |number: Option<Option<T>>| {
            let number = number.unwrap_or_else(|| blanks.then(T::nan));
            if let (Some(place), Some(number)) = (places.next(), number) {
                *place = number;
            }
            number.is_some()
        };
        let float = |number: f64| match number.is_nan() {
            true => blanks.then(T::nan),
            false => of_float(number),
        };
        match self {
            Column::Floats(all) if all.null_count() == 0 => {
                all.values().iter().all(|number| put(Some(float(*number))))
            }
            Column::Floats(all) => all.iter().all(|number| put(number.map(float))),
            Column::Integers(all) => {
                all.iter().all(|number| put(number.map(|number| of_whole(number.into()))))
            }
            Column::Unsigned(all) => {
                all.iter().all(|number| put(number.map(|number| of_whole(number.into()))))
            }
            Column::Nothing | Column::Bools(_) | Column::Texts(_) | Column::Lists(..) => false,
        }
    }
}

impl Grid for Found {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, column: usize, reads: Reads) -> Option<Cell<'_>> {
        let field = self.columns.get(column)?.at(row);
        let is_text = matches!(field, Field::Null | Field::Text(_));
        (is_text || reads != Reads::Text).then(|| field.into())
    }

    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Values) -> bool {
        match to {
            Values::Numbers(to) => self.append(columns, blanks, to),
            Values::Doubles(to) => self.append(columns, blanks, to),
            _ => false,
        }
    }

    fn texts(&self, columns: &[usize], to: &mut Vec<Arc<str>>) -> bool {
        let columns = columns.iter().map(|&column| match self.columns.get(column) {
            Some(Column::Texts(texts)) if texts.null_count() == 0 => Some(texts),
            _ => None,
        });
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return false };
        let mut interned = Interned::default();
        let texts =
            (0..self.rows).flat_map(|row| columns.iter().map(move |texts| texts.value(row)));
        to.reserve(self.rows * columns.len());
        texts.map(str::trim).all(|text| {
            to.push(interned.text(text));
            !text.is_empty()
        })
    }
}
