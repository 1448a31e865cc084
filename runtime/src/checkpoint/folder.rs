//! A folder of checkpoints of a run: `step-0000000123.safetensors`, numbered by batches.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result, PARTIAL};

use super::{file::Contents, CheckpointError};

/// The model of the best epoch.
pub(crate) const BEST: &str = "best.safetensors";

/// The file of a run after `batches` batches.
pub(crate) fn path_in(folder: &Path, batches: u64) -> PathBuf {
    folder.join(format!("step-{batches:010}.safetensors"))
}

fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}

/// Creates a folder if it is missing.
pub(crate) fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|source| write_error(folder, source))
}

fn write_error(path: &Path, source: io::Error) -> Error {
    Error::File { action: "write", path: path.into(), source }
}

/// The checkpoints in a folder, oldest first.
pub(crate) fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::File { action: "read", path: folder.into(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        files.extend(number_of(&path).map(|number| (number, path)));
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Removes all but the newest `keep` checkpoints of a folder. Also removes checkpoints of steps
/// after `batches`, which a run that was resumed from an earlier step has yet to reach, and
/// incomplete files of an interrupted run.
pub(crate) fn keep_newest(folder: &Path, keep: usize, batches: u64) -> Result<()> {
    let files = in_folder(folder)?;
    let (later, mut files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| number_of(path) > Some(batches));
    files.truncate(files.len().saturating_sub(keep));
    files.extend(later);
    files.extend(incomplete(folder).map_err(|source| write_error(folder, source))?);
    for file in files {
        fs::remove_file(&file).map_err(|source| write_error(&file, source))?;
    }
    Ok(())
}

fn incomplete(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("step-") && name.ends_with(PARTIAL)
    };
    Ok(paths.into_iter().filter(is_ours).collect())
}

/// The file itself, or the newest in a folder; `None` if the folder is empty or missing.
pub(super) fn newest(path: &Path) -> Result<Option<(PathBuf, Contents)>> {
    if path.is_file() {
        return Ok(Some((path.to_owned(), Contents::read(path)?)));
    }
    if !path.exists() && path.extension().is_none_or(|extension| extension != "safetensors") {
        return Ok(None);
    }
    let files = in_folder(path)?;
    let Some(newest) = files.last() else { return Ok(None) };
    match Contents::read(newest) {
        Ok(contents) => Ok(Some((newest.clone(), contents))),
        Err(Error::Checkpoint(error)) => {
            let mut earlier = files.iter().rev().skip(1);
            let whole = earlier.find(|path| Contents::read(path).is_ok()).cloned();
            Err(CheckpointError::Newest { error: Box::new(error), whole }.into())
        }
        Err(error) => Err(error),
    }
}
