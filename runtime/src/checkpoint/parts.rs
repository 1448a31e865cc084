//! Checkpoints in parts: of a model whose tables are divided among ranks, every rank writes its rows
//! into a file of its own.
//!
//! `step-0000000123.part-2-of-4.1a2b3c4d.safetensors` has the rows of the second of four ranks and what
//! the run has for them; `1a2b3c4d` is its checksum. `step-0000000123.safetensors` has everything else,
//! and the checksums of all parts, and so their names. It is written after them, so that it exists only
//! with all of its parts. The parts of another checkpoint with this number have other names: it stays
//! whole until the new main file has taken the place of its own.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use multi_input_base::{replace_file, Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sharded::TableShare;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};

use super::{
    file::{dtype, required, Contents},
    key,
    reading::Reading,
    renames::Renames,
    rows::{add_as, name_of_numbers, Collector, TableOfFile},
    run::copies_in,
    writing::{pieces, Take, Unwritten},
    CheckpointError, Signature, COVERAGE, TRAINING,
};
use crate::{
    checksum::Crc32c,
    definition::Graph,
    untyped::{Divided, DividedTable, UntypedModel, WholeTables},
};

/// What the main file says of its parts.
#[derive(Serialize, Deserialize)]
pub(super) struct Parts {
    /// By part.
    pub(super) checksums: Vec<String>,
    /// The rows and the width of the tables in them, by tensor.
    pub(super) tables: BTreeMap<String, [usize; 2]>,
}

impl Parts {
    /// Those of a main file; `None` if it has everything itself.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`].
    pub(super) fn of(
        path: &Path,
        file: &Reading,
    ) -> std::result::Result<Option<Parts>, CheckpointError> {
        let Some(text) = file.texts.get(key::PARTS) else { return Ok(None) };
        let damaged = |reason: String| CheckpointError::Damaged { path: path.into(), reason };
        let parts: Parts =
            serde_json::from_str(text).map_err(|error| damaged(format!("its parts: {error}")))?;
        // They become names of files.
        let is_hex = |sum: &&String| sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        match parts.checksums.iter().find(|sum| !is_hex(sum)) {
            Some(sum) => Err(damaged(format!("its parts: {sum:?} is no checksum"))),
            None => Ok(Some(parts)),
        }
    }

    /// The files of the parts of a main file.
    pub(super) fn files(&self, path: &Path) -> impl Iterator<Item = PathBuf> + '_ {
        let (path, parts) = (path.to_owned(), self.checksums.len());
        let sums = self.checksums.iter().enumerate();
        sums.map(move |(part, sum)| part_of(&path, (part, parts), &format!(".{sum}")))
    }
}

/// The file of a part, from 0; `sum` is its checksum after a point.
fn part_of(path: &Path, (part, parts): (usize, usize), sum: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}.part-{}-of-{parts}{sum}.safetensors", part + 1))
}

/// Writes the part of this rank: its rows, and `state`, what the run has for them. Returns what the
/// main file says of all parts, which are complete then.
pub(super) fn write<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    divided: &Divided,
    state: BTreeMap<String, Unwritten<'_>>,
    path: &Path,
) -> Result<Parts> {
    let (cluster, tables) = (&divided.cluster, &divided.tables);
    let (rank, ranks) = (cluster.rank(), cluster.ranks());
    let weights = tables.iter().enumerate().map(|(index, table)| {
        let DividedTable { tensor, look_up, .. } = table;
        let rows = move |take: &mut Take<'_>| {
            let mut taken = Ok(());
            model.visit_divided(index, |held| taken = pieces(held, take));
            taken
        };
        let shape = vec![divided.share.rows(look_up.rows), look_up.width];
        (tensor.clone(), Unwritten::new(dtype::<E>(), shape, rows))
    });
    let which = (key::PART.to_owned(), format!("{} of {ranks}", rank + 1));
    let contents = Contents { texts: [which].into(), ..Contents::default() };
    let unnamed = part_of(path, (rank, ranks), "");
    let checksum = contents.write_with(&unnamed, weights.chain(state).collect())?;
    let part = part_of(path, (rank, ranks), &format!(".{checksum}"));
    replace_file(&part, |partial| fs::rename(&unnamed, partial)).map_err(|source| Error::File {
        action: "write",
        path: part,
        source,
    })?;
    let checksums = cluster.gather("the parts of a checkpoint", checksum.into_bytes())?;
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let shape = |table: &DividedTable| [table.look_up.rows, table.look_up.width];
    Ok(Parts {
        checksums: checksums.iter().map(text).collect(),
        tables: tables.iter().map(|table| (table.tensor.clone(), shape(table))).collect(),
    })
}

/// What a reader wants of a file.
pub(super) struct Request<'a> {
    /// That of the model; `None` if any model is read, with all rows of its tables.
    pub(super) graph: Option<&'static Graph>,
    pub(super) divided: Option<&'a Divided>,
    /// The dtype of the model.
    pub(super) dtype: Dtype,
    /// Whether the state of a run is wanted.
    pub(super) with_state: bool,
}

/// What was read of a file and its parts.
pub(super) struct Opened {
    /// As in an undivided file, but with the rows that the model holds.
    pub(super) contents: Contents,
    /// The checksums of divided tables, if intervals or calibrations belong to them.
    pub(super) whole: WholeTables,
}

impl Opened {
    /// The texts of a file, whose checksum is verified.
    pub(super) fn texts_of(path: &Path) -> Result<Opened> {
        let file = Reading::open(path)?;
        let contents = Contents { texts: file.texts.clone(), ..Contents::default() };
        file.verify()?;
        Ok(Opened { contents, whole: WholeTables::new() })
    }
}

/// Reads a file with the parts that are needed, one after another, and verifies their checksums.
pub(super) fn open(path: &Path, request: &Request<'_>) -> Result<Opened> {
    let (mut file, plan) = open_main(path, request)?;
    let mut kept = Contents { texts: file.texts.clone(), ..Contents::default() };
    let has_uncertainty = kept.texts.contains_key(key::UNCERTAINTY);
    kept.texts.remove(key::PARTS);
    let mut collector = Collector {
        tables: &plan.tables,
        with_state: request.with_state,
        sums_in: Some(request.dtype).filter(|_| has_uncertainty),
        kept,
        whole: WholeTables::new(),
    };
    let read = collector.read(path, &mut file, TableShare::WHOLE);
    file.verify()?;
    read?;
    for (part, checksum, from) in plan.needed() {
        let mut file = open_part(path, part)?;
        let read = collector.read(part, &mut file, from);
        verify_part(path, part, file, checksum)?;
        read?;
    }
    let Collector { kept: contents, whole, .. } = collector;
    Ok(Opened { contents, whole })
}

/// Verifies the checksums of a file and of the parts that are needed, and keeps nothing of them.
pub(super) fn verify(path: &Path, request: &Request<'_>) -> Result<()> {
    let (file, plan) = open_main(path, request)?;
    file.verify()?;
    for (part, checksum, _) in plan.needed() {
        verify_part(path, part, open_part(path, part)?, checksum)?;
    }
    Ok(())
}

/// Opens a file that is no part.
fn open_main(path: &Path, request: &Request<'_>) -> Result<(Reading, Plan)> {
    let file = Reading::open(path)?;
    if let Some(part) = file.texts.get(key::PART) {
        return Err(CheckpointError::Part { path: path.into(), part: part.clone() }.into());
    }
    match Plan::of(path, &file, request) {
        Ok(plan) => Ok((file, plan)),
        Err(error) => {
            // A damaged file is no file of another model.
            file.verify()?;
            Err(error.into())
        }
    }
}

/// Opens a part of the file at `path`.
fn open_part(path: &Path, part: &Path) -> Result<Reading> {
    Reading::open(part).map_err(|error| match error {
        Error::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            CheckpointError::MissingPart { path: path.into(), part: part.into() }.into()
        }
        error => error,
    })
}

/// Verifies that a part of the file at `path` is the one with this checksum.
fn verify_part(path: &Path, part: &Path, file: Reading, checksum: &str) -> Result<()> {
    match file.verify()? == checksum {
        true => Ok(()),
        false => Err(CheckpointError::OtherPart { path: path.into(), part: part.into() }.into()),
    }
}

/// The rows of a model of contents with all rows, which were read from `name`.
pub(super) fn share_of(
    name: &Path,
    mut contents: Contents,
    request: &Request<'_>,
) -> Result<Opened> {
    let mut whole = WholeTables::new();
    let (Some(graph), Some(divided)) = (request.graph, request.divided) else {
        return Ok(Opened { contents, whole });
    };
    let renames = renames_of(name, &contents.texts, graph)?;
    for (tensor, stored) in &mut contents.tensors {
        let own_name = renames.key(tensor);
        let Some(index) = divided.index_of(&own_name) else { continue };
        let look_up = &divided.tables[index].look_up;
        let expected = vec![look_up.rows, look_up.width];
        if stored.shape != expected {
            let (path, tensor, found) = (name.into(), own_name, stored.shape.clone());
            return Err(CheckpointError::Shape { path, tensor, expected, found }.into());
        }
        let mut sum = Crc32c::default();
        add_as(request.dtype, stored.dtype, &stored.bytes, &mut sum);
        whole.insert(own_name, sum);
        stored.keep_rows(divided.share);
    }
    Ok(Opened { contents, whole })
}

/// What is read of a file: the tables whose rows are chosen, and its parts with their checksums.
struct Plan {
    tables: Vec<TableOfFile>,
    parts: Vec<(PathBuf, String)>,
}

impl Plan {
    fn of(
        path: &Path,
        file: &Reading,
        request: &Request<'_>,
    ) -> std::result::Result<Plan, CheckpointError> {
        let renames = match request.graph {
            Some(graph) => renames_of(path, &file.texts, graph)?,
            None => Renames::default(),
        };
        let parts = Parts::of(path, file)?;
        let copies = file.texts.get(key::RUN).map(|run| copies_in(run)).unwrap_or_default();
        let mut plan = Plan { tables: Vec::new(), parts: Vec::new() };
        let mut table = |name: &str, shape: &[usize]| {
            let own_name = renames.key(name);
            let own = request.divided.and_then(|divided| {
                let index = divided.index_of(&own_name)?;
                Some((&divided.tables[index].look_up, divided.share))
            });
            let shape_error = |expected| {
                let (path, tensor, found) = (path.into(), own_name.clone(), shape.to_vec());
                CheckpointError::Shape { path, tensor, expected, found }
            };
            let expected = own.map_or(shape.to_vec(), |(own, _)| vec![own.rows, own.width]);
            let &[rows, width] = shape else { return Err(shape_error(expected)) };
            let is_table =
                width > 0 && [rows, width].iter().all(|size| u32::try_from(*size).is_ok());
            if shape != expected || !is_table {
                return Err(shape_error(expected));
            }
            let to = own.map_or(TableShare::WHOLE, |(_, share)| share);
            let of_table = copies.iter().filter(|(_, tensor)| *tensor == name);
            let copies = of_table.map(|(numbers, _)| name_of_numbers(numbers)).collect();
            let (name, own_name) = (name.to_owned(), own_name.clone());
            plan.tables.push(TableOfFile { name, own_name, rows, width, to, copies });
            Ok(())
        };
        if let Some(parts) = parts {
            parts.tables.iter().try_for_each(|(name, shape)| table(name, shape))?;
            plan.parts = parts.files(path).zip(parts.checksums.iter().cloned()).collect();
        } else if let Some(divided) = request.divided {
            let is_weight = |name: &str| !name.starts_with(TRAINING) && !name.starts_with(COVERAGE);
            let weights = file.left().iter().filter(|(name, _)| is_weight(name));
            let is_divided = |name: &str| divided.index_of(&renames.key(name)).is_some();
            let mut of_model = weights.filter(|(name, _)| is_divided(name));
            of_model.try_for_each(|(name, info)| table(name, &info.shape))?;
        }
        Ok(plan)
    }

    /// The parts with rows to keep: the file of each, its checksum, and the rows that it has.
    fn needed(&self) -> impl Iterator<Item = (&Path, &str, TableShare)> {
        let parts = self.parts.iter().enumerate().map(|(index, (part, checksum))| {
            (part.as_path(), checksum.as_str(), TableShare::of(index, self.parts.len()))
        });
        parts.filter(|(_, _, from)| self.tables.iter().any(|table| table.to.may_share_rows(*from)))
    }
}

/// The former names in a file of a model with this graph.
///
/// # Errors
/// [`CheckpointError::OtherModel`].
fn renames_of(
    path: &Path,
    texts: &BTreeMap<String, String>,
    graph: &'static Graph,
) -> std::result::Result<Renames, CheckpointError> {
    let signature = Signature::in_file(path, required(texts, path, key::SIGNATURE)?)?;
    let renames = Renames::of(graph, &signature);
    Signature::of(graph).check(path, &signature.renamed(&renames))?;
    Ok(renames)
}
