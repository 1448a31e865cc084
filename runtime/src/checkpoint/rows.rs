//! Brings the rows of tables in a file, or in the parts of a checkpoint, into the form in which a
//! model holds them: row numbers and shapes of its own share.
//!
//! A file of an undivided model is the only part of one. So everything is one case: rows of a share
//! that a part holds become rows of the share that this rank holds.

use std::{collections::BTreeMap, path::Path};

use multi_input_base::Result;
use multi_input_nn::{
    sharded::TableShare,
    sparse::{key_of_table, SavedOf, DECAYS, PENDING, ROWS, SIZES},
};
use safetensors::{tensor::TensorInfo, Dtype};

use super::{
    file::{numbers_in, Contents, Stored},
    reading::Reading,
    run::{NUMBERS, TENSORS},
    CheckpointError, TRAINING,
};
use crate::{checksum::Crc32c, untyped::WholeTables};

/// A table in a file whose rows are chosen.
#[derive(Clone, Debug)]
pub(super) struct TableOfFile {
    /// The name of its tensor in the file.
    pub(super) name: String,
    /// The name of its tensor in the model.
    pub(super) own_name: String,
    /// The number of rows of the whole table.
    pub(super) rows: usize,
    pub(super) width: usize,
    /// The rows to keep.
    pub(super) to: TableShare,
}

/// The tensors of a table in a file.
pub(super) enum OfTable<'a> {
    /// The weights.
    Weights,
    /// Numbers of a run for every row.
    Rows,
    /// Sums of gradients: for the rows that were looked up, if the table is sparse.
    Sums,
    /// Numbers of the saved table, with their key.
    Saved(&'a str),
}

/// What a tensor of a file is of the table with the tensor `table`; `None` if it is none of it.
pub(super) fn of_table<'a>(name: &'a str, table: &str) -> Option<OfTable<'a>> {
    let Some(name) = name.strip_prefix(TRAINING) else {
        return (name == table).then_some(OfTable::Weights);
    };
    if let Some(name) = name.strip_prefix(NUMBERS) {
        return key_of_table(name, table).map(OfTable::Saved);
    }
    let name = name.strip_prefix(TENSORS)?;
    if let Some(key) = key_of_table(name, table) {
        return Some(OfTable::Saved(key));
    }
    let (kind, tensor) = name.split_once('.')?;
    match kind {
        "sum" => (tensor == table).then_some(OfTable::Sums),
        "average" => (tensor == table).then_some(OfTable::Rows),
        "optimizer" => (tensor.split_once('.')?.1 == table).then_some(OfTable::Rows),
        _ => None,
    }
}

/// Reads files, and keeps what a model wants of them.
pub(super) struct Collector<'a> {
    pub(super) tables: &'a [TableOfFile],
    /// Whether the state of a run is wanted.
    pub(super) with_state: bool,
    /// The dtype of the model, if the checksums of whole tables are wanted.
    pub(super) sums_in: Option<Dtype>,
    pub(super) kept: Contents,
    pub(super) whole: WholeTables,
}

/// A tensor of a part that belongs to a table.
struct Of<'a> {
    table: &'a TableOfFile,
    items: Items<'a>,
    /// Whether it is the weights.
    is_weights: bool,
}

/// What a tensor has for each of some rows.
enum Items<'a> {
    /// Numbers of the table, with their key.
    Numbers(&'a str),
    /// As many numbers as a row has, for all rows.
    All,
    /// The same, for rows that the part lists.
    Listed(&'a [f64]),
}

/// The numbers of the tables in a part, by the names of table and key.
type Numbers = BTreeMap<(String, String), Vec<f64>>;

impl<'a> Collector<'a> {
    /// Reads the tensors of a file or of a part, which holds the rows of `from`.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] if tensors do not belong together. Everything has been read then,
    /// so that the checksum can say whether the file is damaged.
    pub(super) fn read(&mut self, path: &Path, file: &mut Reading, from: TableShare) -> Result<()> {
        let (mut numbers, mut fits) = (Numbers::new(), Ok(()));
        while let Some((name, info)) = file.left().first().cloned() {
            let is_state = name.starts_with(TRAINING);
            match self.of(&name, &numbers) {
                _ if is_state && !self.with_state => file.read(1, &mut |_| {})?,
                None => {
                    let mut bytes = Vec::new();
                    file.read(1, &mut |piece| bytes.extend_from_slice(piece))?;
                    let TensorInfo { dtype, shape, .. } = info;
                    self.kept.tensors.insert(name, Stored { dtype, shape, bytes });
                }
                Some(Of { table, items: Items::Numbers(key), .. }) => {
                    let mut own = Vec::new();
                    file.read(8, &mut |piece| own.extend(numbers_in(info.dtype, piece)))?;
                    let place = (table.name.clone(), key.to_owned());
                    numbers.insert(place, own);
                }
                Some(of) => fits = fits.and(self.rows(file, (&name, &info), &of, from)?),
            }
        }
        for table in self.tables {
            fits = fits.and(self.numbers(table, &numbers, from));
        }
        fits.map_err(|reason| CheckpointError::Damaged { path: path.into(), reason }.into())
    }

    /// What a tensor is of a table; `None` if it is none of any.
    fn of<'n>(&self, name: &'n str, numbers: &'n Numbers) -> Option<Of<'n>>
    where
        'a: 'n,
    {
        let tables: &'a [TableOfFile] = self.tables;
        let (table, of) =
            tables.iter().find_map(|table| Some((table, of_table(name, &table.name)?)))?;
        let listed = |key: &str| -> Option<&'n [f64]> {
            numbers.get(&(table.name.clone(), key.to_owned())).map(Vec::as_slice)
        };
        let is_number = name.strip_prefix(TRAINING).is_some_and(|name| name.starts_with(NUMBERS));
        let decays = listed(DECAYS).unwrap_or_default().iter().any(|decay| *decay != 0.0);
        let items = match of {
            OfTable::Saved(key) if is_number => Items::Numbers(key),
            OfTable::Saved(key) => match SavedOf::key(key, decays) {
                SavedOf::Rows | SavedOf::Table => Items::All,
                SavedOf::LookedUp => Items::Listed(listed(ROWS).unwrap_or_default()),
                SavedOf::Pending => Items::Listed(listed(PENDING).unwrap_or_default()),
            },
            OfTable::Sums => listed(PENDING).map_or(Items::All, Items::Listed),
            OfTable::Weights | OfTable::Rows => Items::All,
        };
        Some(Of { table, items, is_weights: matches!(of, OfTable::Weights) })
    }

    /// Reads a tensor with numbers for rows of a table, and keeps those of the rows to keep.
    fn rows(
        &mut self,
        file: &mut Reading,
        (name, info): (&str, &TensorInfo),
        Of { table, items, is_weights }: &Of<'_>,
        from: TableShare,
    ) -> Result<std::result::Result<(), String>> {
        let TableOfFile { width, to, .. } = **table;
        let item = width * info.dtype.bitsize() / 8;
        let count = match items {
            Items::Listed(rows) => rows.len(),
            _ => from.rows(table.rows),
        };
        let elements = info.shape.iter().product::<usize>();
        // Sums of an earlier step, or of none.
        let is_idle = matches!(items, Items::Listed([])) || elements == 0;
        let fits = matches!(info.dtype, Dtype::F32 | Dtype::F64)
            && elements == count * width
            && (!is_weights || info.shape == [count, width]);
        if !fits || count == 0 {
            file.read(1, &mut |_| {})?;
            let none = || Stored { dtype: info.dtype, shape: vec![0], bytes: Vec::new() };
            self.kept.tensors.entry(name.to_owned()).or_insert_with(none);
            let found = format!("its tensor `{name}` has shape {:?}", info.shape);
            let fits = (!is_weights && is_idle) || fits;
            return Ok(fits.then_some(()).ok_or_else(|| {
                format!("{found}, which does not fit {count} rows of {width} numbers")
            }));
        }
        let kept = to.rows(table.rows);
        let stored = self.kept.tensors.entry(name.to_owned()).or_insert_with(|| Stored {
            dtype: info.dtype,
            shape: Vec::new(),
            bytes: match items {
                Items::Listed(_) => Vec::new(),
                _ => vec![0; kept * item],
            },
        });
        let mut whole = self.sums_in.filter(|_| *is_weights && from.is_whole());
        let (mut index, mut sum) = (0, Crc32c::default());
        file.read(item, &mut |piece| {
            if let Some(dtype) = whole {
                add_as(dtype, info.dtype, piece, &mut sum);
            }
            for bytes in piece.chunks_exact(item) {
                match items {
                    Items::Listed(rows) => {
                        if table.moved(rows[index], from).is_some() {
                            stored.bytes.extend_from_slice(bytes);
                        }
                    }
                    _ => {
                        if let Some(row) = to.held(from.row(index)) {
                            stored.bytes[row * item..][..item].copy_from_slice(bytes);
                        }
                    }
                }
                index += 1;
            }
        })?;
        stored.shape = match is_weights {
            true => vec![kept, width],
            false => vec![stored.bytes.len() * width / item],
        };
        if whole.take().is_some() {
            self.whole.insert(table.own_name.clone(), sum);
        }
        Ok(Ok(()))
    }

    /// Keeps the numbers of a table in a part: its rows get their new numbers, and what is of the
    /// table as a whole has to be the same in all parts.
    fn numbers(
        &mut self,
        table: &TableOfFile,
        numbers: &Numbers,
        from: TableShare,
    ) -> std::result::Result<(), String> {
        let of_table = || numbers.iter().filter(|((name, _), _)| *name == table.name);
        let listed = |wanted: &str| of_table().find(|((_, key), _)| key == wanted);
        let rows = listed(ROWS).map_or(&[][..], |(_, rows)| rows);
        for ((_, key), own) in of_table() {
            let name = format!("{TRAINING}{NUMBERS}table.{}.{key}", table.name);
            let moved: Vec<f64> = match (key.as_str(), SavedOf::key(key, false)) {
                (SIZES, _) => table.moved_sizes(own, from),
                (ROWS | PENDING, _) => {
                    own.iter().filter_map(|row| table.moved(*row, from)).collect()
                }
                (_, SavedOf::Table) => own.clone(),
                _ if own.len() != rows.len() => {
                    return Err(format!(
                        "`{name}` has {} numbers for {} rows",
                        own.len(),
                        rows.len()
                    ))
                }
                _ => {
                    let pairs = own.iter().zip(rows);
                    pairs
                        .filter(|(_, row)| table.moved(**row, from).is_some())
                        .map(|(own, _)| *own)
                        .collect()
                }
            };
            let moved = Stored::of::<f64>(vec![moved.len()], moved.into_iter());
            match self.kept.tensors.get_mut(&name) {
                None => drop(self.kept.tensors.insert(name, moved)),
                Some(of_others) if SavedOf::key(key, false) == SavedOf::Table => {
                    if of_others.bytes != moved.bytes {
                        return Err(format!("`{name}` is not that of the other parts"));
                    }
                }
                Some(of_others) => {
                    of_others.bytes.extend(moved.bytes);
                    of_others.shape = vec![of_others.bytes.len() / 8];
                }
            }
        }
        Ok(())
    }
}

impl TableOfFile {
    /// The new number of a row that a part holds: NaN if it has no such row, and `None` if the row is
    /// not to be kept.
    fn moved(&self, row: f64, from: TableShare) -> Option<f64> {
        let held = row as usize;
        match held as f64 == row && held < from.rows(self.rows) {
            true => self.to.held(from.row(held)).map(|row| row as f64),
            false => Some(f64::NAN),
        }
    }

    /// The sizes of a table, of which the first is the number of rows. Other sizes than those of the
    /// part stay, and fit no model.
    fn moved_sizes(&self, sizes: &[f64], from: TableShare) -> Vec<f64> {
        let mut sizes = sizes.to_vec();
        if let Some(rows) = sizes.first_mut() {
            *rows = match *rows == from.rows(self.rows) as f64 {
                true => self.to.rows(self.rows) as f64,
                false => f64::NAN,
            };
        }
        sizes
    }
}

/// Adds numbers in the bytes of a file, as a model of dtype `of_model` has them, to the checksum of its
/// weights.
pub(super) fn add_as(of_model: Dtype, of_file: Dtype, bytes: &[u8], sum: &mut Crc32c) {
    for number in numbers_in(of_file, bytes) {
        let own = if of_model == Dtype::F64 { number } else { f64::from(number as f32) };
        sum.update(&own.to_le_bytes());
    }
}
