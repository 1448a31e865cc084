//! The mapping from columns to fields, cached from one row to the next.

use std::{cell::Cell, fmt, rc::Rc};

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};

use multi_input_cells::FieldColumns;

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
    columns: Vec<Column>,
    /// The columns of each field; empty after a change of the columns, until they are assigned.
    fields: Vec<FieldColumns>,
    /// A column that fills what another one fills.
    duplicate: Option<usize>,
}

/// A source column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) key: Box<str>,
    /// Whether some field reads the cells as text.
    pub(super) is_text: bool,
    /// Whether some field uses the cells.
    pub(super) is_used: bool,
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
        layout.assign_columns();
        layout
    }

    fn new(spec: &'static RowSpec) -> Layout {
        Layout { spec, columns: Vec::new(), fields: Vec::new(), duplicate: None }
    }

    /// Number of columns.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
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
        let (mut is_text, mut is_used) = (false, false);
        let names = self.spec.names();
        for field in self.spec.fields.iter().filter(|field| names.uses(field, &key)) {
            is_used = true;
            is_text |= field.needs_text();
        }
        self.columns.truncate(index);
        self.columns.push(Column { key, is_text, is_used });
        self.fields.clear();
    }

    /// Removes the columns from an index on.
    pub(super) fn truncate(layout: &mut Rc<Layout>, index: usize) {
        if layout.columns.len() > index {
            let layout = Rc::make_mut(layout);
            layout.columns.truncate(index);
            layout.fields.clear();
        }
    }

    /// Assigns the columns to the fields, if the columns have changed.
    pub(super) fn assign(layout: &mut Rc<Layout>) {
        if layout.fields.len() != layout.spec.fields.len() {
            Rc::make_mut(layout).assign_columns();
        }
    }

    fn assign_columns(&mut self) {
        let names = self.spec.names();
        let keys = || self.columns.iter().map(|column| &*column.key);
        let fields = self.spec.fields.iter().map(|field| names.columns_of(field, keys()));
        self.fields = fields.collect();
        self.duplicate = self.fields.iter().find_map(|field| field.duplicate);
    }

    /// The columns of a field.
    pub(super) fn field(&self, index: usize) -> &FieldColumns {
        static NONE: FieldColumns = FieldColumns { own: None, parts: Vec::new(), duplicate: None };
        self.fields.get(index).unwrap_or(&NONE)
    }

    /// The key of a column that fills what another column fills.
    pub(super) fn duplicate(&self) -> Option<&str> {
        self.key(self.duplicate?)
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().map(|column| &*column.key)
    }

    /// The names of the columns that no field uses.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| !column.is_used).map(|column| &*column.key)
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
