//! What the expansion does with values of newtypes. The items of [`RowValue`] exist for every type: where
//! a type is no newtype of a row's value, they are those of [`NoRowValue`], and a check of the expansion
//! alone reports it.

use std::marker::PhantomData;

use multi_input_data::{
    columns::{append, append_with, Append, CellDeserializer, CellError, Cells, FromCells, Grid},
    Column, Newtype, Prediction, Raw, RowReader, RowWriter, Unwrap, Wrap,
};
use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};

/// The values of a field whose type is, or contains, a newtype.
pub struct RowValue<T>(PhantomData<T>);

impl<T: FromCells + Raw> RowValue<T> {
    /// Number of columns of a value.
    pub const ELEMENTS: usize = T::ELEMENTS;
    /// Appends the cells of many rows.
    pub const APPEND: Append = append::<T>;

    /// [`Cells::take`].
    pub fn take<E: Error>(cells: &mut Cells<'_>, index: usize) -> Result<T, E> {
        cells.take(index)
    }

    /// [`Cells::take_or`].
    pub fn take_or<E: Error>(
        cells: &mut Cells<'_>,
        index: usize,
        default: impl FnOnce() -> T,
    ) -> Result<T, E> {
        cells.take_or(index, default)
    }
}

impl<T: Raw> RowValue<T> {
    /// [`append_with`].
    pub fn append_with(
        grid: &dyn Grid,
        columns: &[usize],
        to: &mut Column,
        read: fn(CellDeserializer<'_>) -> Result<T, CellError>,
    ) -> bool {
        append_with(grid, columns, to, read)
    }

    /// [`RowWriter::put`].
    pub fn put(row: &mut RowWriter<'_>, value: &T) {
        row.put(value);
    }
}

impl<T: Prediction> RowValue<T> {
    /// [`RowReader::take`].
    pub fn predicted(row: &mut RowReader<'_>) -> T {
        row.take()
    }
}

impl<T: Newtype> RowValue<T> {
    /// The name of the newtype in the files of models.
    pub const UNIT: Option<&'static str> = Some(T::NAME);
    /// What the newtype wraps, for messages.
    pub const WRAPS: &'static str = T::WRAPS;
}

impl<T: Unwrap<Unwrapped: Serialize>> RowValue<T> {
    /// Writes what the newtypes wrap.
    pub fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.unwrapped().serialize(serializer)
    }
}

impl<T: Wrap> RowValue<T> {
    /// Reads what the newtypes wrap.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
    where
        T::Unwrapped: Deserialize<'de>,
    {
        T::Unwrapped::deserialize(deserializer).map(T::wrapped)
    }
}

/// See [`RowValue`]. No function is ever called.
pub trait NoRowValue<T> {
    /// See [`RowValue::ELEMENTS`].
    const ELEMENTS: usize = 0;
    /// See [`RowValue::APPEND`].
    const APPEND: Append = |_, _, _, _| false;
    /// See [`RowValue::UNIT`].
    const UNIT: Option<&'static str> = None;
    /// See [`RowValue::WRAPS`].
    const WRAPS: &'static str = "";

    /// See [`RowValue::take`].
    fn take<E>(_: &mut Cells<'_>, _: usize) -> Result<T, E> {
        unreachable!()
    }

    /// See [`RowValue::take_or`].
    fn take_or<E>(_: &mut Cells<'_>, _: usize, _: impl FnOnce() -> T) -> Result<T, E> {
        unreachable!()
    }

    /// See [`RowValue::append_with`].
    fn append_with(
        _: &dyn Grid,
        _: &[usize],
        _: &mut Column,
        _: fn(CellDeserializer<'_>) -> Result<T, CellError>,
    ) -> bool {
        unreachable!()
    }

    /// See [`RowValue::put`].
    fn put(_: &mut RowWriter<'_>, _: &T) {
        unreachable!()
    }

    /// See [`RowValue::predicted`].
    fn predicted(_: &mut RowReader<'_>) -> T {
        unreachable!()
    }

    /// See [`RowValue::serialize`].
    fn serialize<S: Serializer>(_: &T, _: S) -> Result<S::Ok, S::Error> {
        unreachable!()
    }

    /// See [`RowValue::deserialize`].
    fn deserialize<'de, D: Deserializer<'de>>(_: D) -> Result<T, D::Error> {
        unreachable!()
    }
}

impl<T> NoRowValue<T> for RowValue<T> {}

/// What a newtype wraps whose derive has reported a mistake.
pub struct NotRead;
