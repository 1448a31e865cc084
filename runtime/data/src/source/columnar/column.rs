//! An Arrow column, converted to one of a few types.

use std::sync::Arc;

use arrow_array::{
    cast::AsArray,
    types::{Float64Type, Int32Type, Int64Type, UInt64Type},
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, LargeBinaryArray,
    LargeListArray, StringArray, StructArray, UInt64Array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Utc};

use multi_input_cells::{of_float, of_whole, Cell};

use crate::{columns::Interned, Real};

/// A column.
pub(super) enum Column {
    Nothing,
    Bools(BooleanArray),
    Unsigned(UInt64Array),
    Integers(Int64Array),
    Floats(Float64Array),
    Texts(StringArray),
    /// Texts that repeat: for each row an index of `texts`.
    Dictionary {
        keys: Int32Array,
        texts: StringArray,
    },
    Times(Times),
    Bytes(LargeBinaryArray),
    /// Structs of the bytes of a file and its path, either of which may be null, as Hugging Face's
    /// data sets hold images: the structs, the bytes and the paths.
    Files(StructArray, Box<[Column; 2]>),
    /// The lists, and the column of their elements.
    Lists(LargeListArray, Box<Column>),
    /// A column of a type that no field accepts: the array for its null mask, and a description.
    Others(ArrayRef, String),
}

/// Timestamps, in units since 1970-01-01.
pub(super) struct Times {
    values: Int64Array,
    unit: TimeUnit,
    /// Whether the values are in UTC; otherwise they are local times without a zone.
    zoned: bool,
}

impl Times {
    fn at(&self, row: usize) -> Cell<'static> {
        let value = self.values.value(row);
        let time = match self.unit {
            TimeUnit::Second => DateTime::from_timestamp(value, 0),
            TimeUnit::Millisecond => DateTime::from_timestamp_millis(value),
            TimeUnit::Microsecond => DateTime::from_timestamp_micros(value),
            TimeUnit::Nanosecond => Some(DateTime::from_timestamp_nanos(value)),
        };
        let to_cell = |time: DateTime<Utc>| {
            let zone = if self.zoned { "Z" } else { "" };
            Cell::Text(format!("{:?}{zone}", time.naive_utc()).into())
        };
        let beyond = || Cell::Other(format!("{value} {:?}s since 1970", self.unit).into());
        time.map_or_else(beyond, to_cell)
    }
}

impl Column {
    /// A column that cannot be converted becomes `Others`; it matters only if a field uses it.
    pub(super) fn new(column: &ArrayRef) -> Column {
        let words = || format!("a value of type {}", column.data_type());
        converted(column).unwrap_or_else(|| Column::Others(column.clone(), words()))
    }

    /// A column with the same text in every row.
    #[cfg(feature = "parquet")]
    pub(super) fn constant(text: Option<&str>, rows: usize) -> Column {
        match text {
            Some(text) => Column::Texts(StringArray::new_repeated(text, rows)),
            None => Column::Nothing,
        }
    }

    pub(super) fn at(&self, row: usize) -> Cell<'_> {
        if self.is_null(row) {
            return Cell::Blank;
        }
        match self {
            Column::Nothing => Cell::Blank,
            Column::Bools(values) => Cell::Bool(values.value(row)),
            Column::Unsigned(values) => Cell::Integer(values.value(row).into()),
            Column::Integers(values) => Cell::Integer(values.value(row).into()),
            Column::Floats(values) => Cell::Float(values.value(row)),
            Column::Texts(values) => Cell::Text(values.value(row).into()),
            Column::Dictionary { keys, texts } => {
                Cell::Text(texts.value(keys.value(row) as usize).into())
            }
            Column::Times(values) => values.at(row),
            Column::Bytes(values) => Cell::Bytes(values.value(row).into()),
            Column::Files(_, columns) => match columns[0].at(row) {
                Cell::Blank => columns[1].at(row),
                bytes => bytes,
            },
            Column::Lists(lists, items) => {
                let offsets = lists.value_offsets();
                let [from, to] = [offsets[row], offsets[row + 1]].map(|offset| offset as usize);
                Cell::List((from..to).map(|index| items.at(index)).collect())
            }
            Column::Others(_, words) => Cell::Other(words.into()),
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
            Column::Dictionary { keys, .. } => keys.is_null(row),
            Column::Times(Times { values, .. }) => values.is_null(row),
            Column::Bytes(values) => values.is_null(row),
            Column::Files(values, _) => values.is_null(row),
            Column::Lists(values, _) => values.is_null(row),
            Column::Others(values, _) => values.is_null(row),
        }
    }

    /// The shared texts of all rows, trimmed; `None` for nulls and for values of other types.
    pub(super) fn texts(&self) -> Option<Vec<Arc<str>>> {
        let mut interned = Interned::default();
        match self {
            Column::Texts(texts) if texts.null_count() == 0 => {
                let texts = (0..texts.len()).map(|row| texts.value(row).trim());
                Some(texts.map(|text| interned.text(text)).collect())
            }
            Column::Dictionary { keys, texts } if keys.null_count() == 0 => {
                let keys = keys.values().iter().map(|key| *key as usize);
                // Of a dictionary with more texts than rows, most are not in these rows.
                if texts.len() > keys.len() {
                    return Some(keys.map(|key| interned.text(texts.value(key).trim())).collect());
                }
                let texts = (0..texts.len()).map(|key| texts.value(key).trim().into());
                let texts: Vec<Arc<str>> = texts.collect();
                keys.map(|key| texts.get(key).cloned()).collect()
            }
            _ => None,
        }
    }

    /// Writes the numbers to every `stride`-th element of `to`; missing numbers are NaN where
    /// `blanks` allows them. Returns whether all values were numbers that `T` represents.
    pub(super) fn numbers<T: Real>(&self, blanks: bool, stride: usize, to: &mut [T]) -> bool {
        let mut elements = to.iter_mut().step_by(stride);
        // The outer `None` is a null, the inner one a number that `T` does not represent.
        let mut put = |number: Option<Option<T>>| {
            let number = number.unwrap_or_else(|| blanks.then(T::nan));
            if let (Some(element), Some(number)) = (elements.next(), number) {
                *element = number;
            }
            number.is_some()
        };
        let float = |number: f64| match number.is_nan() {
            true => blanks.then(T::nan),
            false => of_float(number),
        };
        match self {
            Column::Floats(all) if all.null_count() == 0 && small_floats::<T>(all.values()) => {
                let numbers = elements.zip(all.values());
                numbers.for_each(|(element, number)| *element = T::of(*number));
                true
            }
            Column::Integers(all) if all.null_count() == 0 && small_integers::<T>(all.values()) => {
                let numbers = elements.zip(all.values());
                numbers.for_each(|(element, number)| *element = T::of(*number as f64));
                true
            }
            Column::Floats(all) => all.iter().all(|number| put(number.map(float))),
            Column::Integers(all) => {
                all.iter().all(|number| put(number.map(|number| of_whole(number.into()))))
            }
            Column::Unsigned(all) => {
                all.iter().all(|number| put(number.map(|number| of_whole(number.into()))))
            }
            _ => false,
        }
    }
}

/// Whether all numbers are so small that `T` represents the whole ones, which most columns are. The
/// loop has no branch, so that it is vectorized.
fn small_floats<T: Real>(numbers: &[f64]) -> bool {
    let bound = (1_u64 << T::DIGITS) as f64;
    numbers.iter().fold(true, |all, number| all & (number.abs() <= bound))
}

/// As [`small_floats`].
fn small_integers<T: Real>(numbers: &[i64]) -> bool {
    numbers.iter().fold(true, |all, number| all & (number.unsigned_abs() <= 1_u64 << T::DIGITS))
}

/// The texts of a dictionary; `None` where some of them are nulls.
fn dictionary(column: &ArrayRef) -> Option<Column> {
    let of_texts = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let cast = cast(column, &of_texts).ok()?;
    let dictionary = cast.as_dictionary_opt::<Int32Type>()?;
    let texts = dictionary.values().as_string_opt::<i32>()?.clone();
    let keys = dictionary.keys().clone();
    (texts.null_count() == 0).then_some(Column::Dictionary { keys, texts })
}

/// Converts a column; `None` for an unsupported type, or where a value would be lost.
fn converted(column: &ArrayRef) -> Option<Column> {
    let to = |to: &DataType| {
        let cast = cast(column, to).ok()?;
        (cast.logical_null_count() == column.logical_null_count()).then_some(cast)
    };
    Some(match column.data_type() {
        DataType::Null => Column::Nothing,
        DataType::Boolean => Column::Bools(column.as_boolean().clone()),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let lists = to(&DataType::LargeList(item.clone()))?.as_list::<i64>().clone();
            let items = Column::new(lists.values());
            Column::Lists(lists, Box::new(items))
        }
        DataType::Dictionary(_, values) => {
            match dictionary(column).filter(|_| values.is_string()) {
                Some(dictionary) => dictionary,
                None => Column::new(&to(values)?),
            }
        }
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => {
            Column::Bytes(to(&DataType::LargeBinary)?.as_binary::<i64>().clone())
        }
        DataType::Struct(_) => {
            let files = column.as_struct().clone();
            let field = |name: &str| Some(Column::new(files.column_by_name(name)?));
            match [field("bytes")?, field("path")?] {
                columns
                @ [Column::Bytes(_) | Column::Nothing, Column::Texts(_) | Column::Nothing] => {
                    Column::Files(files, Box::new(columns))
                }
                _ => return None,
            }
        }
        DataType::RunEndEncoded(_, values) => Column::new(&to(values.data_type())?),
        whole if whole.is_unsigned_integer() => {
            Column::Unsigned(to(&DataType::UInt64)?.as_primitive::<UInt64Type>().clone())
        }
        whole if whole.is_signed_integer() => {
            Column::Integers(to(&DataType::Int64)?.as_primitive::<Int64Type>().clone())
        }
        real if real.is_floating() => {
            Column::Floats(to(&DataType::Float64)?.as_primitive::<Float64Type>().clone())
        }
        DataType::Timestamp(unit, zone) => Column::Times(Times {
            values: to(&DataType::Int64)?.as_primitive::<Int64Type>().clone(),
            unit: *unit,
            zoned: zone.is_some(),
        }),
        // Decimals keep all digits, and dates are formatted in ISO 8601.
        text if text.is_decimal() || text.is_string() || text.is_temporal() => {
            Column::Texts(to(&DataType::Utf8)?.as_string().clone())
        }
        _ => return None,
    })
}
