//! The mapping from columns to fields, cached from one row to the next.

use std::{cell::Cell, fmt, rc::Rc};

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};

use super::{Keys, RowSpec};

thread_local! {
    /// The layout of the previous row on this thread: serde has no state that is shared by the rows
    /// of a source.
    static LAST: Cell<Option<Rc<Layout>>> = const { Cell::new(None) };
}

/// The columns of a row, in order. All rows of a file have the same columns, so the keys of a row
/// are compared with those of the previous row, and looked up only where they differ.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    spec: &'static RowSpec,
    /// Index of the first cell of each field, which is the cell of its own name; the cells of its
    /// columns follow.
    starts: Vec<usize>,
    /// Number of cells of a row.
    pub(super) cell_count: usize,
    columns: Vec<Column>,
}

/// A source column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) key: Box<str>,
    /// Whether some field reads the cells as text.
    pub(super) is_text: bool,
    /// Indices of the cells that the column fills; empty where no field uses it.
    pub(super) fills: Vec<usize>,
}

impl Layout {
    /// Takes the layout of the previous row on this thread, or creates one without columns.
    pub(super) fn load(spec: &'static RowSpec) -> Rc<Layout> {
        let previous = LAST.with(Cell::take);
        previous
            .filter(|previous| std::ptr::eq(previous.spec, spec))
            .unwrap_or_else(|| Rc::new(Layout::new(spec)))
    }

    /// Stores the layout for the next row.
    pub(super) fn store(layout: &Rc<Layout>) {
        LAST.with(|last| last.set(Some(layout.clone())));
    }

    /// The layout of a source with the given column names.
    pub(super) fn of<'a>(spec: &'static RowSpec, names: impl Iterator<Item = &'a str>) -> Layout {
        let mut layout = Layout::new(spec);
        names.enumerate().for_each(|(index, name)| layout.set_column(index, name.into()));
        layout
    }

    fn new(spec: &'static RowSpec) -> Layout {
        let mut cell_count = 0;
        let starts = spec.fields.iter().map(|field| {
            let start = cell_count;
            cell_count += 1 + field.columns.len();
            start
        });
        Layout { spec, starts: starts.collect(), cell_count, columns: Vec::new() }
    }

    /// All columns, in order.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column at an index; `None` after the last one.
    pub(super) fn column(&self, index: usize) -> Option<&Column> {
        self.columns.get(index)
    }

    /// The key of the column at an index.
    pub(super) fn key(&self, index: usize) -> Option<&str> {
        self.column(index).map(|column| &*column.key)
    }

    /// Sets the column at an index, and removes the columns after it.
    pub(super) fn set_column(&mut self, index: usize, key: Box<str>) {
        let (mut is_text, mut fills) = (false, Vec::new());
        for (field, start) in self.spec.fields.iter().zip(&self.starts) {
            match field.columns.iter().position(|&column| column == &*key) {
                Some(part) => fills.push(start + 1 + part),
                None if field.is_named(&key) => fills.push(*start),
                None => continue,
            }
            is_text |= field.reads.is_text();
        }
        self.columns.truncate(index);
        self.columns.push(Column { key, is_text, fills });
    }

    /// Removes the columns from an index on.
    pub(super) fn truncate(layout: &mut Rc<Layout>, index: usize) {
        if layout.columns.len() > index {
            Rc::make_mut(layout).columns.truncate(index);
        }
    }

    /// Index of the first cell of a field.
    pub(super) fn start(&self, field: usize) -> Option<usize> {
        self.starts.get(field).copied()
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().map(|column| &*column.key)
    }

    /// The names of the columns that no field uses.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.fills.is_empty()).map(|column| &*column.key)
    }
}

/// A deserializer seed that compares a key with the expected one.
pub(super) struct Key<'a>(pub(super) Option<&'a str>);

/// A key that was read.
pub(super) struct ReadKey {
    /// The key, where it differs from the expected one.
    pub(super) unexpected: Option<Box<str>>,
    pub(super) keys: Keys,
}

impl Key<'_> {
    fn compare(&self, key: &str, keys: Keys) -> ReadKey {
        ReadKey { unexpected: (self.0 != Some(key)).then(|| key.into()), keys }
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ReadKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ReadKey, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = ReadKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }
    fn visit_str<E>(self, key: &str) -> Result<ReadKey, E> {
        Ok(self.compare(key, Keys::Object))
    }
    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<ReadKey, E> {
        match std::str::from_utf8(key) {
            Ok(key) => Ok(self.compare(key, Keys::Columns)),
            Err(_) => Err(E::invalid_value(Unexpected::Bytes(key), &self)),
        }
    }
}
