//! A folder of checkpoints of a run: `step-0000000123.safetensors`, numbered by batches, with parts
//! where tables are divided.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result};

use super::CheckpointError;

/// The model of the best epoch.
pub(crate) const BEST: &str = "best.safetensors";

/// The file of a run after `batches` batches.
pub(crate) fn path_in(folder: &Path, batches: u64) -> PathBuf {
    folder.join(format!("step-{batches:010}.safetensors"))
}

pub(super) fn number_of(path: &Path) -> Option<u64> {
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
    let is_one = |name: &str| number_of(Path::new(name)).is_some();
    let mut files = named(folder, is_one)?;
    files.sort_by_key(|path| number_of(path));
    Ok(files)
}

/// Removes a file, unless another rank was faster.
pub(super) fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(file, error)),
        _ => Ok(()),
    }
}

/// The files of a folder whose names are chosen.
pub(super) fn named(folder: &Path, is_chosen: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::File { action: "read", path: folder.into(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(&is_chosen) {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// What `read` makes of the file itself, or of the newest in a folder, with its path; `None` if the
/// folder is empty or missing. The error of the newest one names an earlier one that `verify` accepts.
pub(super) fn newest<T>(
    path: &Path,
    read: impl FnOnce(&Path) -> Result<T>,
    verify: impl Fn(&Path) -> Result<()>,
) -> Result<Option<(PathBuf, T)>> {
    if path.is_file() {
        return Ok(Some((path.to_owned(), read(path)?)));
    }
    if !path.exists() && path.extension().is_none_or(|extension| extension != "safetensors") {
        return Ok(None);
    }
    let files = in_folder(path)?;
    let Some(newest) = files.last() else { return Ok(None) };
    match read(newest) {
        Ok(found) => Ok(Some((newest.clone(), found))),
        Err(Error::Checkpoint(error)) => {
            let mut earlier = files.iter().rev().skip(1);
            let whole = earlier.find(|path| verify(path).is_ok()).cloned();
            Err(CheckpointError::Newest { error: Box::new(error), whole }.into())
        }
        Err(error) => Err(error),
    }
}
