//! A folder of checkpoints of a run: `step-0000000123.safetensors`, numbered by batches, with parts
//! where tables are divided.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result, PARTIAL};

use super::CheckpointError;
use crate::cluster::{Cluster, Reader, Writer};

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
    let is_one = |name: &str| number_of(Path::new(name)).is_some();
    let mut files = named(folder, is_one)?;
    files.sort_by_key(|path| number_of(path));
    Ok(files)
}

/// Removes all but the newest `keep` checkpoints of a folder, each with its parts. Also removes
/// checkpoints of steps after `batches`, which a run that was resumed from an earlier step has yet to
/// reach, and what an interrupted run has left: incomplete files, and parts of no checkpoint.
///
/// All ranks of a cluster call it for a model with divided tables. They may have folders of their own,
/// or one together, from which another rank has removed a file already.
pub(crate) fn keep_newest(
    folder: &Path,
    keep: usize,
    batches: u64,
    cluster: Option<&Cluster>,
) -> Result<()> {
    let Some(cluster) = cluster else {
        let kept = keep_newest_files(folder, keep, batches)?;
        return remove_parts(folder, &kept, (batches, 1));
    };
    // The others write nothing until all are at the end.
    let kept = match cluster.is_main() {
        true => keep_newest_files(folder, keep, batches)?,
        false => Vec::new(),
    };
    let mut message = Writer::default();
    message.numbers(&kept.iter().map(|number| *number as usize).collect::<Vec<_>>());
    let kept = cluster.gather("the checkpoints to keep", message.0)?;
    let kept = Reader(kept.first().map_or(&[][..], Vec::as_slice)).numbers()?;
    let kept: Vec<u64> = kept.into_iter().map(|number| number as u64).collect();
    remove_parts(folder, &kept, (batches, cluster.ranks()))?;
    cluster.gather("the end of a checkpoint", Vec::new()).map(drop)
}

/// Removes files but no parts, and returns the numbers of those that are kept.
fn keep_newest_files(folder: &Path, keep: usize, batches: u64) -> Result<Vec<u64>> {
    let files = in_folder(folder)?;
    let (later, mut files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| number_of(path) > Some(batches));
    let kept = files.split_off(files.len().saturating_sub(keep));
    files.extend(later);
    files.extend(named(folder, |name| name.starts_with("step-") && name.ends_with(PARTIAL))?);
    files.iter().try_for_each(|file| remove(file))?;
    Ok(kept.iter().filter_map(|path| number_of(path)).collect())
}

/// Removes the parts of other checkpoints than those with the numbers `kept`, and incomplete ones. The
/// newest one has so many parts; others of its number are of an earlier run.
fn remove_parts(folder: &Path, kept: &[u64], (newest, parts): (u64, usize)) -> Result<()> {
    let is_left = |name: &str| match part_in(name) {
        Some((number, of)) => !kept.contains(&number) || (number == newest && of != parts),
        None => name.starts_with("step-") && name.contains(".part-") && name.ends_with(PARTIAL),
    };
    named(folder, is_left)?.iter().try_for_each(|file| remove(file))
}

/// The number of the checkpoint of a part, and the number of its parts.
fn part_in(name: &str) -> Option<(u64, usize)> {
    let name = name.strip_prefix("step-")?.strip_suffix(".safetensors")?;
    let (number, part) = name.split_once(".part-")?;
    Some((number.parse().ok()?, part.split_once("-of-")?.1.parse().ok()?))
}

/// Removes a file, unless another rank was faster.
fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(file, error)),
        _ => Ok(()),
    }
}

/// The files of a folder whose names are chosen.
fn named(folder: &Path, is_chosen: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
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
/// folder is empty or missing.
pub(super) fn newest<T>(
    path: &Path,
    read: impl Fn(&Path) -> Result<T>,
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
            let whole = earlier.find(|path| read(path).is_ok()).cloned();
            Err(CheckpointError::Newest { error: Box::new(error), whole }.into())
        }
        Err(error) => Err(error),
    }
}
