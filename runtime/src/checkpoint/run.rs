//! A training run in a file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use multi_input_base::Result;
use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sparse::{SavedState, StateToSave};
use serde::{Deserialize, Serialize};

use super::{
    coverage,
    file::{Contents, Stored},
    folder, key,
    model::{agree, contents, in_json, request, take, Dtypes, Purpose},
    parts::{self, Opened},
    renames::Renamed,
    rows,
    writing::Unwritten,
    CheckpointError, TRAINING,
};
use crate::{definition::Graph, history::History, lossless, untyped::UntypedModel};

/// The state of a run without its model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedRun<E> {
    /// The file it was read from.
    #[serde(skip)]
    pub(crate) path: PathBuf,
    /// The settings that must match to resume the run, by name, in words.
    pub(crate) settings: Vec<(String, String)>,
    /// The epoch, from 0, and its number of finished steps.
    pub(crate) epoch: usize,
    pub(crate) step: usize,
    /// The numbers of batches and of optimizer steps.
    pub(crate) batches: u64,
    pub(crate) updates: u64,
    /// For each trained tensor, the number of optimizer steps.
    pub(crate) tensor_steps: Vec<u64>,
    #[serde(with = "lossless::number")]
    pub(crate) learning_rate: f64,
    /// The branches frozen at present.
    pub(crate) frozen: Vec<String>,
    /// Whether a callback has stopped the training.
    pub(crate) stopped: bool,
    /// The number of shards of a batch.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) shards: usize,
    pub(crate) history: History,
    /// The numbers that are copies of the weights of sharded tables, each with the name of its tensor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) copies: Copies,
    /// The means that replace the learned vectors of inputs that were never absent, by the name of
    /// the tensor; `None` if untrained vectors are not filled.
    #[serde(skip)]
    pub(crate) stand_ins: Option<Vec<(String, Vec<f64>)>>,
    /// All other numbers, by name, of a run that was loaded.
    #[serde(skip)]
    pub(crate) state: SavedState<E>,
}

/// Tensors by the names of numbers that are copies of their weights.
pub(crate) type Copies = BTreeMap<String, String>;

/// The copies of weights in the file of a run, as far as it says so; [`load_run`] says what is wrong
/// with it.
pub(super) fn copies_in(run: &str) -> Copies {
    #[derive(Default, Deserialize)]
    struct OfRun {
        #[serde(default)]
        copies: Copies,
    }
    serde_json::from_str::<OfRun>(run).unwrap_or_default().copies
}

fn one() -> usize {
    1
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

/// The most shards that a file may name.
const MOST_SHARDS: usize = 1 << 20;

pub(super) const TENSORS: &str = "model/";
pub(super) const NUMBERS: &str = "double/";

/// Saves a run and its model. All ranks call it for a model with divided tables: each writes its part,
/// and then rank 0 writes what they have in common.
pub(crate) fn save_run<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    (run, state): (&SavedRun<E>, &StateToSave<'_, E>),
    path: &Path,
) -> Result<()> {
    let state = in_file(state);
    let Some(divided) = &model.divided else {
        return contents_of_run(model, run)?.write_with(path, state).map(drop);
    };
    let copies: Vec<String> = run.copies.keys().map(|name| rows::name_of_numbers(name)).collect();
    let is_of_table = |name: &str| {
        divided.tables.iter().any(|table| rows::of_table(name, &table.tensor).is_some())
            || copies.iter().any(|copy| copy == name)
    };
    let (own, in_common): (BTreeMap<_, _>, BTreeMap<_, _>) =
        state.into_iter().partition(|(name, _)| is_of_table(name));
    let parts = parts::write(model, divided, own, path)?;
    if !divided.cluster.is_main() {
        return Ok(());
    }
    let mut file = contents_of_run(model, run)?;
    file.texts.insert(key::PARTS.to_owned(), in_json(&parts)?);
    file.write_with(path, in_common).map(drop)
}

/// The contents of a run's file, without its state and without divided tables.
fn contents_of_run<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    run: &SavedRun<E>,
) -> Result<Contents> {
    let mut file = contents(model)?;
    if let (Some(coverage), Some(stand_ins)) = (&model.coverage, &run.stand_ins) {
        coverage::to_be_filled::<E>(coverage, stand_ins, &mut file)?;
    }
    file.texts.insert(key::RUN.to_owned(), in_json(run)?);
    Ok(file)
}

/// The state of a run as tensors of a file.
fn in_file<'a, E: Element>(state: &'a StateToSave<'_, E>) -> BTreeMap<String, Unwritten<'a>> {
    let tensors = state
        .tensors
        .iter()
        .map(|(name, numbers)| (format!("{TRAINING}{TENSORS}{name}"), Unwritten::numbers(numbers)));
    let numbers = state
        .numbers
        .iter()
        .map(|(name, numbers)| (format!("{TRAINING}{NUMBERS}{name}"), Unwritten::numbers(numbers)));
    tensors.chain(numbers).collect()
}

/// The fitted preprocessing of the run in a file, or in the newest file of a folder, as far as it
/// fits a model of this graph; [`load_run`] says what does not.
///
/// # Errors
/// The errors of reading the file.
pub(crate) fn fields_of_run(graph: &'static Graph, path: &Path) -> Result<FittedFields> {
    let Some((path, file)) = texts_of_newest(path)? else {
        return Ok(FittedFields::default());
    };
    let file = Renamed::of(graph, &path, file)?;
    let saved = file.contents.texts.get(key::PREPROCESSING);
    let fields = saved.and_then(|saved| FittedFields::restore(graph, saved, |_| true).ok());
    Ok(fields.unwrap_or_default())
}

/// The number of shards of the run in a file, or in the newest file of a folder, and its path.
///
/// # Errors
/// The errors of reading the file.
pub(crate) fn shards_of_run(path: &Path) -> Result<Option<(PathBuf, usize)>> {
    #[derive(Deserialize)]
    struct Shards {
        #[serde(default = "one")]
        shards: usize,
    }
    let Some((path, Opened { contents, .. })) = texts_of_newest(path)? else {
        return Ok(None);
    };
    // `load_run` says what is wrong with the file.
    let run = contents.texts.get(key::RUN);
    let run = run.and_then(|run| serde_json::from_str::<Shards>(run).ok());
    Ok(run.map(|run| (path, run.shards)).filter(|(_, shards)| (1..=MOST_SHARDS).contains(shards)))
}

/// The texts of a file, or of the newest file of a folder.
fn texts_of_newest(path: &Path) -> Result<Option<(PathBuf, Opened)>> {
    folder::newest(path, Opened::texts_of, |path| Opened::texts_of(path).map(drop))
}

/// Loads the run in a file, or in the newest file of a folder, into `model`; `None` if a folder has
/// no files. `check` may refuse the run; `model` is unchanged after an error.
pub(crate) fn load_run<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    check: impl FnOnce(&Path, &SavedRun<E>) -> Result<()>,
) -> Result<Option<SavedRun<E>>> {
    let request = request(model, Purpose::Resume);
    let open = |path: &Path| parts::open(path, &request);
    let found = folder::newest(path, open, |path| parts::verify(path, &request));
    let Some((path, file)) = agree(model, found, |found| {
        found.as_ref().and_then(|(_, file)| file.contents.texts.get(key::CHECKSUM))
    })?
    else {
        return Ok(None);
    };
    if !file.contents.texts.contains_key(key::RUN) {
        return Err(CheckpointError::NoRun { path }.into());
    }
    let mut file = Renamed::of(model.graph(), &path, file)?;
    let run = serde_json::from_str(file.contents.text(&path, key::RUN)?).map_err(|error| {
        CheckpointError::Damaged { path: path.clone(), reason: format!("its run: {error}") }
    })?;
    let mut run: SavedRun<E> = file.renames.run(run);
    // Each tensor is dropped once it has been read.
    let (state, own) = std::mem::take(&mut file.contents.tensors)
        .into_iter()
        .partition(|(name, _)| name.starts_with(TRAINING));
    file.contents.tensors = own;
    for (tensor, stored) in BTreeMap::<String, Stored>::into_iter(state) {
        let Some(name) = tensor.strip_prefix(TRAINING) else { continue };
        if let Some(name) = name.strip_prefix(TENSORS) {
            stored.check_dtype::<E>(&path, &tensor)?;
            run.state.tensors.insert(name.to_owned(), stored.numbers());
        } else if let Some(name) = name.strip_prefix(NUMBERS) {
            stored.check_dtype::<f64>(&path, &tensor)?;
            run.state.numbers.insert(name.to_owned(), stored.numbers());
        }
    }
    check(&path, &run)?;
    run.path.clone_from(&path);
    take(model, &path, Ok(file), Purpose::Resume, Dtypes::Same)?;
    Ok(Some(run))
}
