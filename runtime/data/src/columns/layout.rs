//! Where the columns of a row lead, remembered from one row to the next.

use std::{cell::Cell, fmt, rc::Rc};

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};

use super::{Keys, RowSpec};

thread_local! {
    /// serde hands a deserializer no place to keep what it learned from the row before.
    static LAST: Cell<Option<Rc<Layout>>> = const { Cell::new(None) };
}

/// The columns of a row in their order. Those of a file are the same in every row, so a row's are
/// compared with the columns of the row before it, and looked up only where they differ.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    spec: &'static RowSpec,
    /// The first cell of every field, which is its own name's; its columns' follow.
    starts: Vec<usize>,
    /// How many cells a row has.
    pub(super) cells: usize,
    columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) key: Box<str>,
    /// Whether some field takes its cells for texts.
    pub(super) is_text: bool,
    /// The cells it fills; none where no field asks for it.
    pub(super) fills: Vec<usize>,
}

impl Layout {
    /// Of the row before on this thread, or of no columns yet.
    pub(super) fn before(spec: &'static RowSpec) -> Rc<Layout> {
        let last = LAST.with(Cell::take);
        last.filter(|last| std::ptr::eq(last.spec, spec))
            .unwrap_or_else(|| Rc::new(Layout::new(spec)))
    }

    /// Leaves it to the next row.
    pub(super) fn remember(layout: &Rc<Layout>) {
        LAST.with(|last| last.set(Some(layout.clone())));
    }

    /// Of a source with columns of these names.
    pub(super) fn of<'a>(spec: &'static RowSpec, names: impl Iterator<Item = &'a str>) -> Layout {
        let mut layout = Layout::new(spec);
        names.enumerate().for_each(|(place, name)| layout.learn(place, name.into()));
        layout
    }

    fn new(spec: &'static RowSpec) -> Layout {
        let mut cells = 0;
        let starts = spec.fields.iter().map(|field| {
            let start = cells;
            cells += 1 + field.columns.len();
            start
        });
        Layout { spec, starts: starts.collect(), cells, columns: Vec::new() }
    }

    /// All of them.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column at a place; `None` behind the last one.
    pub(super) fn column(&self, place: usize) -> Option<&Column> {
        self.columns.get(place)
    }

    /// Its key.
    pub(super) fn key(&self, place: usize) -> Option<&str> {
        self.column(place).map(|column| &*column.key)
    }

    /// Says that a row has another column at this place; those behind it are unknown then.
    pub(super) fn learn(&mut self, place: usize, key: Box<str>) {
        let (mut is_text, mut fills) = (false, Vec::new());
        for (field, start) in self.spec.fields.iter().zip(&self.starts) {
            match field.columns.iter().position(|&column| column == &*key) {
                Some(part) => fills.push(start + 1 + part),
                None if field.is_named(&key) => fills.push(*start),
                None => continue,
            }
            is_text |= field.reads.is_text();
        }
        self.columns.truncate(place);
        self.columns.push(Column { key, is_text, fills });
    }

    /// Forgets the columns from this place on.
    pub(super) fn end(layout: &mut Rc<Layout>, place: usize) {
        if layout.columns.len() > place {
            Rc::make_mut(layout).columns.truncate(place);
        }
    }

    /// The first cell of a field.
    pub(super) fn start(&self, field: usize) -> Option<usize> {
        self.starts.get(field).copied()
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().map(|column| &*column.key)
    }

    /// The columns that no field asked for.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.fills.is_empty()).map(|column| &*column.key)
    }
}

/// Reads a key.
pub(super) struct Key<'a>(pub(super) Option<&'a str>);

/// A key that was read.
pub(super) struct Found {
    /// The key; `None` where it is the expected one.
    pub(super) other: Option<Box<str>>,
    pub(super) keys: Keys,
}

impl Key<'_> {
    fn found(&self, key: &str, keys: Keys) -> Found {
        Found { other: (self.0 != Some(key)).then(|| key.into()), keys }
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }
    fn visit_str<E>(self, key: &str) -> Result<Found, E> {
        Ok(self.found(key, Keys::Own))
    }
    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Found, E> {
        match std::str::from_utf8(key) {
            Ok(key) => Ok(self.found(key, Keys::Columns)),
            Err(_) => Err(E::invalid_value(Unexpected::Bytes(key), &self)),
        }
    }
}
