//! A training run in a file.

use std::path::{Path, PathBuf};

use multi_input_base::Result;
use multi_input_data::preprocess::FittedFields;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sparse::SavedState;
use serde::{Deserialize, Serialize};

use super::{
    coverage,
    file::Stored,
    folder, key,
    model::{contents, in_json, take, Dtypes, Purpose},
    renames::Renamed,
    CheckpointError, TRAINING,
};
use crate::{definition::Graph, history::History, lossless, untyped::UntypedModel};

/// The state of a run without its model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedRun {
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
    /// The means that replace the learned vectors of inputs that were never absent, by the name of
    /// the tensor; `None` if untrained vectors are not filled.
    #[serde(skip)]
    pub(crate) stand_ins: Option<Vec<(String, Vec<f64>)>>,
    /// All other numbers, by name.
    #[serde(skip)]
    pub(crate) state: SavedState,
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

/// Saves a run and its model.
pub(crate) fn save_run<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    run: &SavedRun,
    path: &Path,
) -> Result<()> {
    let mut file = contents(model)?;
    if let (Some(coverage), Some(stand_ins)) = (&model.coverage, &run.stand_ins) {
        coverage::to_be_filled::<E>(coverage, stand_ins, &mut file)?;
    }
    file.texts.insert(key::RUN.to_owned(), in_json(run)?);
    for (name, numbers) in &run.state.tensors {
        let stored = Stored::of::<E>(vec![numbers.len()], numbers.iter().copied());
        file.tensors.insert(format!("{TRAINING}{TENSORS}{name}"), stored);
    }
    for (name, numbers) in &run.state.numbers {
        let stored = Stored::of::<f64>(vec![numbers.len()], numbers.iter().copied());
        file.tensors.insert(format!("{TRAINING}{NUMBERS}{name}"), stored);
    }
    file.write(path)
}

/// The fitted preprocessing of the run in a file, or in the newest file of a folder, as far as it
/// fits a model of this graph; [`load_run`] says what does not.
///
/// # Errors
/// The errors of reading the file.
pub(crate) fn fields_of_run(graph: &'static Graph, path: &Path) -> Result<FittedFields> {
    let Some((path, contents)) = folder::newest(path)? else { return Ok(FittedFields::default()) };
    let file = Renamed::of(graph, &path, contents)?;
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
    let Some((path, contents)) = folder::newest(path)? else { return Ok(None) };
    // `load_run` says what is wrong with the file.
    let run = contents.texts.get(key::RUN);
    let run = run.and_then(|run| serde_json::from_str::<Shards>(run).ok());
    Ok(run.map(|run| (path, run.shards)).filter(|(_, shards)| (1..=MOST_SHARDS).contains(shards)))
}

/// Loads the run in a file, or in the newest file of a folder, into `model`; `None` if a folder has
/// no files. `check` may refuse the run; `model` is unchanged after an error.
pub(crate) fn load_run<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    check: impl FnOnce(&Path, &SavedRun) -> Result<()>,
) -> Result<Option<SavedRun>> {
    let Some((path, contents)) = folder::newest(path)? else { return Ok(None) };
    if !contents.texts.contains_key(key::RUN) {
        return Err(CheckpointError::NoRun { path }.into());
    }
    let file = Renamed::of(model.graph(), &path, contents)?;
    let run = serde_json::from_str(file.contents.text(&path, key::RUN)?).map_err(|error| {
        CheckpointError::Damaged { path: path.clone(), reason: format!("its run: {error}") }
    })?;
    let mut run: SavedRun = file.renames.run(run);
    for (tensor, stored) in &file.contents.tensors {
        let Some(name) = tensor.strip_prefix(TRAINING) else { continue };
        if let Some(name) = name.strip_prefix(TENSORS) {
            stored.check_dtype::<E>(&path, tensor)?;
            run.state.tensors.insert(name.to_owned(), stored.numbers());
        } else if let Some(name) = name.strip_prefix(NUMBERS) {
            stored.check_dtype::<f64>(&path, tensor)?;
            run.state.numbers.insert(name.to_owned(), stored.numbers());
        }
    }
    check(&path, &run)?;
    run.path.clone_from(&path);
    take(model, &path, &file, Purpose::Resume, Dtypes::Same)?;
    Ok(Some(run))
}
