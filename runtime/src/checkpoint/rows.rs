//! Brings the rows of tables in a file, or in the parts of a checkpoint, into the form in which a
//! model holds them: row numbers and shapes of its own share.
//!
//! A file of an undivided model is the only part of one. So everything is one case: rows of a share
//! that a part holds become rows of the share that this rank holds.

use std::{collections::BTreeMap, path::Path};

use multi_input_base::Result;
use multi_input_nn::{
    sharded::TableShare,
    sparse::{key_of_table, name_of_table, SavedOf, DECAYS, PENDING, ROWS, SIZES},
};
use safetensors::{tensor::TensorInfo, Dtype};

use super::{
    file::{numbers_in, Contents, Stored},
    names,
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
    /// The names of the tensors that are copies of its weights.
    pub(super) copies: Vec<String>,
}

/// The name in a file of numbers of a run in double precision.
pub(super) fn name_of_numbers(numbers: &str) -> String {
    format!("{TRAINING}{NUMBERS}{numbers}")
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
    let (of, tensor) = names::parsed(name)?;
    (tensor == table).then_some(match of {
        names::Of::Sum => OfTable::Sums,
        names::Of::Average | names::Of::Slot => OfTable::Rows,
    })
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
        let is_copy = |table: &&TableOfFile| table.copies.iter().any(|copy| copy == name);
        if let Some(table) = tables.iter().find(is_copy) {
            return Some(Of { table, items: Items::All, is_weights: false });
        }
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
        of: &Of<'_>,
        from: TableShare,
    ) -> Result<std::result::Result<(), String>> {
        let TableOfFile { width, to, .. } = *of.table;
        let item = width * info.dtype.bitsize() / 8;
        let fits = of.fits(info, from).map_err(|reason| format!("its tensor `{name}` {reason}"));
        let kept = if fits == Ok(true) { to.rows(of.table.rows) } else { 0 };
        let stored = self.kept.tensors.entry(name.to_owned()).or_insert_with(|| Stored {
            dtype: info.dtype,
            shape: vec![0],
            bytes: if of.is_listed() { Vec::new() } else { vec![0; kept * item] },
        });
        if fits != Ok(true) {
            file.read(1, &mut |_| {})?;
            return Ok(fits.map(drop));
        }
        if stored.dtype != info.dtype || !of.is_listed() && stored.bytes.len() != kept * item {
            file.read(1, &mut |_| {})?;
            return Ok(Err(format!("its tensor `{name}` is not that of the other parts")));
        }
        let (mut index, mut sum) = (0, Crc32c::default());
        let sums_in = self.sums_in.filter(|_| of.is_weights && from.is_whole());
        file.read(item, &mut |piece| {
            if let Some(dtype) = sums_in {
                add_as(dtype, info.dtype, piece, &mut sum);
            }
            for bytes in piece.chunks_exact(item) {
                of.keep(index, from, bytes, &mut stored.bytes);
                index += 1;
            }
        })?;
        stored.shape = match of.is_weights {
            true => vec![kept, width],
            false => vec![stored.bytes.len() / item * width],
        };
        if sums_in.is_some() {
            self.whole.insert(of.table.own_name.clone(), sum);
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
            let name = name_of_numbers(&name_of_table(&table.name, key));
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

impl Of<'_> {
    fn is_listed(&self) -> bool {
        matches!(self.items, Items::Listed(_))
    }

    /// Whether a tensor has numbers for the rows of a part, or none.
    ///
    /// # Errors
    /// What is wrong with its shape.
    fn fits(&self, info: &TensorInfo, from: TableShare) -> std::result::Result<bool, String> {
        let (width, shape) = (self.table.width, &info.shape);
        let rows = match self.items {
            Items::Listed(rows) => rows.len(),
            _ => from.rows(self.table.rows),
        };
        let elements = shape.iter().product::<usize>();
        // Sums of an earlier step are kept, and before the first one there are none.
        let has_none = elements == 0 || self.is_listed() && rows == 0;
        let is_float = matches!(info.dtype, Dtype::F32 | Dtype::F64);
        match elements == rows * width && is_float && (!self.is_weights || *shape == [rows, width])
        {
            true => Ok(rows > 0),
            false if has_none && !self.is_weights => Ok(false),
            false => Err(format!("has shape {shape:?}, which does not fit {rows} rows of {width}")),
        }
    }

    /// Keeps the numbers with an index, if they are of a row to keep.
    fn keep(&self, index: usize, from: TableShare, bytes: &[u8], kept: &mut Vec<u8>) {
        if let Items::Listed(rows) = self.items {
            if self.table.moved(rows[index], from).is_some() {
                kept.extend_from_slice(bytes);
            }
        } else if let Some(row) = self.table.to.held(from.row(index)) {
            kept[row * bytes.len()..][..bytes.len()].copy_from_slice(bytes);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "user.0.weight";
    const ROWS_OF_TABLE: usize = 11;
    const WIDTH: usize = 2;

    fn table(to: TableShare) -> TableOfFile {
        let name = TABLE.to_owned();
        let (rows, width, copies) = (ROWS_OF_TABLE, WIDTH, Vec::new());
        TableOfFile { own_name: name.clone(), name, rows, width, to, copies }
    }

    /// Two numbers that tell the row and what they are.
    fn row(row: usize, of: f64) -> [f64; WIDTH] {
        [row as f64 + of, -(row as f64) - of]
    }

    /// What a run has of a table whose rows are held by a share. `decays`: the weights without
    /// deferred updates are those of all rows.
    fn held_by(share: TableShare, decays: bool) -> Contents {
        // In the order of their look-ups.
        let looked_up = [7, 2, 10, 3, 0, 5];
        let pending = [3, 10, 5];
        let held = |rows: &[usize]| -> Vec<usize> {
            rows.iter().copied().filter(|row| share.held(*row).is_some()).collect()
        };
        let all: Vec<usize> = (0..ROWS_OF_TABLE).collect();
        let [all, looked_up, pending] = [held(&all), held(&looked_up), held(&pending)];
        let weights_without = if decays { &all } else { &looked_up };
        let of_rows = |rows: &[usize], of: f64| -> Vec<f64> {
            rows.iter().flat_map(|number| row(*number, of)).collect()
        };
        let numbers = |rows: &[usize]| -> Vec<f64> {
            rows.iter().map(|row| share.held(*row).unwrap() as f64).collect()
        };
        let sizes = vec![all.len() as f64, WIDTH as f64, 4.0];
        let last_step = looked_up.iter().map(|row| 4.0 + (row % 2) as f64).collect();
        let mut kept = Contents::default();
        let weights = of_rows(&all, 0.5);
        let shape = vec![all.len(), WIDTH];
        kept.tensors.insert(TABLE.to_owned(), Stored::of::<f32>(shape, weights.into_iter()));
        let mut add = |start: &str, name: &str, numbers: Vec<f64>| {
            let (name, shape) = (format!("{TRAINING}{start}{name}"), vec![numbers.len()]);
            let stored = match start {
                NUMBERS => Stored::of::<f64>(shape, numbers.into_iter()),
                _ => Stored::of::<f32>(shape, numbers.into_iter()),
            };
            kept.tensors.insert(name, stored);
        };
        for (key, numbers) in [
            ("sizes", sizes),
            ("rows", numbers(&looked_up)),
            ("last_step", last_step),
            ("pending", numbers(&pending)),
            ("rates", vec![0.1, 0.2]),
            ("decays", vec![0.0, if decays { 0.5 } else { 0.0 }]),
        ] {
            add(NUMBERS, &format!("table.{TABLE}.{key}"), numbers);
        }
        add(TENSORS, &format!("table.{TABLE}.weights"), of_rows(weights_without, 0.25));
        add(TENSORS, &format!("table.{TABLE}.0"), of_rows(&looked_up, 0.125));
        add(TENSORS, &format!("sum.{TABLE}"), of_rows(&pending, 0.75));
        add(TENSORS, &format!("average.{TABLE}"), of_rows(&all, 0.375));
        add(TENSORS, &format!("optimizer.1.{TABLE}"), of_rows(&all, 0.625));
        kept
    }

    /// What a rank keeps of parts.
    fn collected(parts: &[Contents], to: TableShare) -> Result<Contents> {
        let folder = tempfile::tempdir().unwrap();
        let tables = [table(to)];
        let mut collector = Collector {
            tables: &tables,
            with_state: true,
            sums_in: None,
            kept: Contents::default(),
            whole: WholeTables::new(),
        };
        for (index, part) in parts.iter().enumerate() {
            let from = TableShare::of(index, parts.len());
            if to.may_share_rows(from) {
                let path = folder.path().join("part");
                part.clone().write(&path).unwrap();
                let mut file = Reading::open(&path).unwrap();
                collector.read(&path, &mut file, from)?;
                file.verify().unwrap();
            }
        }
        Ok(collector.kept)
    }

    fn parts(count: usize, decays: bool) -> Vec<Contents> {
        (0..count).map(|index| held_by(TableShare::of(index, count), decays)).collect()
    }

    /// The numbers of a table with its rows in ascending order: parts list them one after another.
    fn in_order(contents: &Contents) -> BTreeMap<String, (Vec<usize>, Vec<f64>)> {
        let numbers_of = |key: &str| -> Vec<f64> {
            contents.tensors[&format!("{TRAINING}{NUMBERS}table.{TABLE}.{key}")].numbers()
        };
        let of = |(name, stored): (&String, &Stored)| {
            let is_sum = name.contains("/sum.");
            let is_listed =
                ["rows", "pending", "last_step", ".0"].iter().any(|end| name.ends_with(end))
                    || is_sum
                    || name.ends_with("weights") && !numbers_of("decays").contains(&0.5);
            let rows = match is_sum || name.ends_with("pending") {
                true => numbers_of("pending"),
                false => numbers_of("rows"),
            };
            let mut numbers: Vec<f64> = stored.iter().collect();
            if is_listed && !rows.is_empty() {
                let width = numbers.len() / rows.len();
                let mut pairs: Vec<_> = rows.iter().zip(numbers.chunks_exact(width)).collect();
                pairs.sort_by(|(first, _), (second, _)| first.total_cmp(second));
                numbers = pairs.iter().flat_map(|(_, numbers)| numbers.to_vec()).collect();
            }
            (name.clone(), (stored.shape.clone(), numbers))
        };
        contents.tensors.iter().map(of).collect()
    }

    #[test]
    fn the_rows_of_any_division_become_those_of_any_other() {
        for decays in [false, true] {
            for count in 1..=5 {
                for others in 1..=5 {
                    for index in 0..others {
                        let to = TableShare::of(index, others);
                        let found = collected(&parts(count, decays), to).unwrap();
                        let expected = held_by(to, decays);
                        assert_eq!(
                            in_order(&found),
                            in_order(&expected),
                            "{count} parts, {index} of {others}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn sums_of_an_earlier_step_and_of_none_are_left_out() {
        let sum = format!("{TRAINING}{TENSORS}sum.{TABLE}");
        let mut whole = held_by(TableShare::WHOLE, false);
        whole.tensors.insert(
            format!("{TRAINING}{NUMBERS}table.{TABLE}.pending"),
            Stored::of::<f64>(vec![0], std::iter::empty()),
        );
        let found = collected(&[whole.clone()], TableShare::of(1, 2)).unwrap();
        assert_eq!(found.tensors[&sum].shape, [0]);
        // A table with dense updates.
        whole.tensors.retain(|name, _| !name.contains("/table."));
        for (numbers, kept) in [(0, 0), (ROWS_OF_TABLE * WIDTH, 5 * WIDTH)] {
            whole.tensors.insert(
                sum.clone(),
                Stored::of::<f32>(vec![numbers], (0..numbers).map(|n| n as f64)),
            );
            let found = collected(&[whole.clone()], TableShare::of(1, 2)).unwrap();
            assert_eq!(found.tensors[&sum].shape, [kept]);
        }
    }

    #[test]
    fn parts_that_do_not_fit_each_other_or_the_table_are_refused() {
        let refused = |name: &str, other: Stored, expected: &str| {
            let mut parts = parts(2, false);
            assert!(parts[1].tensors.insert(name.to_owned(), other).is_some(), "{name}");
            let error = collected(&parts, TableShare::WHOLE).map(drop).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(name), "{error}");
        };
        let numbers = |count: usize| Stored::of::<f64>(vec![count], (0..count).map(|n| n as f64));
        let name = |start: &str, name: &str| format!("{TRAINING}{start}{name}");
        let of_table = |key: &str| name(NUMBERS, &format!("table.{TABLE}.{key}"));
        refused(&of_table("rates"), numbers(2), "is not that of the other parts");
        refused(&of_table("last_step"), numbers(9), "has 9 numbers for 3 rows");
        refused(
            &name(TENSORS, &format!("average.{TABLE}")),
            numbers(8),
            "does not fit 5 rows of 2",
        );
        refused(
            &name(TENSORS, &format!("table.{TABLE}.0")),
            numbers(8),
            "does not fit 3 rows of 2",
        );
        refused(&name(TENSORS, &format!("sum.{TABLE}")), numbers(8), "does not fit 2 rows of 2");
        let shaped = |shape: [usize; 2]| Stored { shape: shape.to_vec(), ..numbers(10) };
        refused(TABLE, shaped([2, 5]), "has shape [2, 5]");
        let average = name(TENSORS, &format!("average.{TABLE}"));
        refused(&average, numbers(10), "is not that of the other parts");
        let bytes = Stored { dtype: Dtype::U8, shape: vec![5, 2], bytes: vec![0; 10] };
        refused(TABLE, bytes, "does not fit 5 rows of 2");
    }

    #[test]
    fn rows_that_a_part_cannot_have_become_none_of_any_table() {
        for odd in [5.0, 1.5, -1.0, f64::NAN, 1e300] {
            assert!(table(TableShare::WHOLE).moved(odd, TableShare::of(1, 2)).unwrap().is_nan());
        }
        assert_eq!(table(TableShare::WHOLE).moved(4.0, TableShare::of(1, 2)), Some(9.0));
        let sizes = table(TableShare::WHOLE).moved_sizes(&[6.0, 2.0], TableShare::of(1, 2));
        assert!(sizes[0].is_nan(), "the second of two parts has five rows");
    }
}
