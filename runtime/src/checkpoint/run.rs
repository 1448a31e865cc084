//! A training run in a file.

use std::path::{Path, PathBuf};

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sparse::SavedState;
use serde::{Deserialize, Serialize};

use super::{
    coverage,
    file::Stored,
    folder, key,
    model::{contents, in_json, take, Purpose},
    CheckpointError, TRAINING,
};
use crate::{history::History, lossless, untyped::UntypedModel};

/// All of a run but its model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedRun {
    /// The file it was read from.
    #[serde(skip)]
    pub(crate) path: PathBuf,
    /// What must be the same for the run to go on: settings by name, in words.
    pub(crate) settings: Vec<(String, String)>,
    /// The epoch, from 0, and how many of its steps are over.
    pub(crate) epoch: usize,
    pub(crate) step: usize,
    /// How many batches were taken, and how many steps the optimizer took.
    pub(crate) batches: u64,
    pub(crate) updates: u64,
    /// How many steps the optimizer took for each trained tensor.
    pub(crate) tensor_steps: Vec<u64>,
    #[serde(with = "lossless::number")]
    pub(crate) learning_rate: f64,
    /// The branches that are frozen for now.
    pub(crate) frozen: Vec<String>,
    /// Whether a callback has ended the training for good.
    pub(crate) stopped: bool,
    pub(crate) history: History,
    /// The means that take the places of vectors for inputs that were never absent, by the tensors'
    /// names; `None` where what training has not reached stays as it is.
    #[serde(skip)]
    pub(crate) stand_ins: Option<Vec<(String, Vec<f64>)>>,
    /// All other numbers, by name.
    #[serde(skip)]
    pub(crate) state: SavedState,
}

const TENSORS: &str = "model/";
const NUMBERS: &str = "double/";

/// Writes a run and its model.
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

/// Reads the run in a file, or the newest in a folder, into `model`; `None` where a folder holds
/// none. Neither changes where the file cannot be used, of which `check` has the last word.
pub(crate) fn load_run<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    check: impl FnOnce(&Path, &SavedRun) -> Result<()>,
) -> Result<Option<SavedRun>> {
    let Some((path, file)) = folder::newest(path)? else { return Ok(None) };
    let Some(text) = file.texts.get(key::RUN) else {
        return Err(CheckpointError::NoRun { path }.into());
    };
    let mut run: SavedRun = serde_json::from_str(text).map_err(|error| {
        CheckpointError::Damaged { path: path.clone(), reason: format!("its run: {error}") }
    })?;
    for (tensor, stored) in &file.tensors {
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
    take(model, &path, &file, Purpose::GoOn)?;
    Ok(Some(run))
}
