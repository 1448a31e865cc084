//! Which checkpoints of a folder stay.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result, PARTIAL};
use serde::{Deserialize, Serialize};

use super::{
    folder::{in_folder, named, number_of, remove},
    parts::Parts,
    reading::Reading,
};
use crate::cluster::{damaged, Cluster};

/// Removes all but the newest `keep` checkpoints of a folder, each with its parts. Also removes
/// checkpoints of steps after `batches`, which a run that was resumed from an earlier step has yet to
/// reach, and what an interrupted run or another checkpoint with the same number has left: incomplete
/// files, and parts that no checkpoint names.
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
        let has_parts = !named(folder, |name| number_of_part(name).is_some())?.is_empty();
        return if has_parts { Kept::of(&kept)?.remove_others(folder) } else { Ok(()) };
    };
    // The others write nothing until all are at the end.
    let own = match cluster.is_main() {
        true => Kept::of(&keep_newest_files(folder, keep, batches)?)?,
        false => Kept::default(),
    };
    let own = serde_json::to_vec(&own).map_err(Error::device)?;
    let kept = cluster.gather("the checkpoints to keep", own)?;
    let of_rank_0 = kept.first().ok_or_else(damaged)?;
    let kept: Kept = serde_json::from_slice(of_rank_0).map_err(|_| damaged())?;
    kept.remove_others(folder)?;
    cluster.gather("the end of a checkpoint", Vec::new()).map(drop)
}

/// Removes files but no parts, and returns those that are kept.
fn keep_newest_files(folder: &Path, keep: usize, batches: u64) -> Result<Vec<PathBuf>> {
    let files = in_folder(folder)?;
    let (later, mut files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| number_of(path) > Some(batches));
    let kept = files.split_off(files.len().saturating_sub(keep));
    files.extend(later);
    files.extend(named(folder, |name| name.starts_with("step-") && name.ends_with(PARTIAL))?);
    files.iter().try_for_each(|file| remove(file))?;
    Ok(kept)
}

/// The parts of the checkpoints that are kept.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// The names of their files.
    parts: BTreeSet<String>,
    /// The numbers of damaged checkpoints, which do not say what their parts are.
    damaged: Vec<u64>,
}

impl Kept {
    /// What main files name as their parts.
    fn of(files: &[PathBuf]) -> Result<Kept> {
        let mut kept = Kept::default();
        for path in files {
            let parts = Reading::open(path).and_then(|file| Ok(Parts::of(path, &file)?));
            match parts {
                Ok(parts) => kept.parts.extend(parts.iter().flat_map(|parts| {
                    let names = parts.files(path);
                    names.filter_map(|part| Some(part.file_name()?.to_str()?.to_owned()))
                })),
                Err(Error::Checkpoint(_)) => kept.damaged.extend(number_of(path)),
                Err(error) => return Err(error),
            }
        }
        Ok(kept)
    }

    /// Removes all other parts of a folder, and incomplete ones.
    fn remove_others(&self, folder: &Path) -> Result<()> {
        let is_other = |name: &str| match number_of_part(name) {
            Some(number) => !self.parts.contains(name) && !self.damaged.contains(&number),
            None => name.starts_with("step-") && name.contains(".part-") && name.ends_with(PARTIAL),
        };
        named(folder, is_other)?.iter().try_for_each(|file| remove(file))
    }
}

/// The number of the checkpoint of a part.
fn number_of_part(name: &str) -> Option<u64> {
    let name = name.strip_prefix("step-")?.strip_suffix(".safetensors")?;
    let (number, part) = name.split_once(".part-")?;
    part.contains("-of-").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{
        super::{file::Contents, folder::path_in, key},
        *,
    };

    /// A main file of two parts with these checksums.
    fn write_main(path: &Path, checksums: [&str; 2]) {
        let parts = serde_json::json!({ "checksums": checksums, "tables": {} }).to_string();
        let texts = [(key::PARTS.to_owned(), parts)].into();
        Contents { texts, ..Contents::default() }.write(path).unwrap();
    }

    #[test]
    fn parts_stay_if_a_kept_checkpoint_names_them_or_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u64| path_in(folder.path(), number);
        write_main(&path(1), ["00000001", "00000002"]);
        fs::write(path(2), "damaged").unwrap();
        write_main(&path(3), ["00000003", "00000004"]);
        write_main(&path(4), ["00000005", "../00006"]);
        let part = |number: u64, end: &str| {
            let stem = path(number).file_stem().unwrap().to_str().unwrap().to_owned();
            folder.path().join(format!("{stem}.part-{end}.safetensors"))
        };
        let others = [
            part(1, "1-of-2.00000001"),
            part(3, "1-of-2.00000004"),
            part(3, "1-of-3.00000003"),
            part(3, "1-of-2"),
            part(5, "1-of-2.00000003"),
            part(3, "1-of-2.safetensors.17").with_extension("partial"),
        ];
        let kept = [
            part(2, "1-of-2.00000009"),
            part(3, "1-of-2.00000003"),
            part(3, "2-of-2.00000004"),
            part(4, "1-of-2.00000005"),
            folder.path().join("best.safetensors"),
            folder.path().join("notes.part-1-of-2.safetensors"),
        ];
        others.iter().chain(&kept).for_each(|file| fs::write(file, "").unwrap());
        keep_newest(folder.path(), 3, 4, None).unwrap();
        assert!([1, 5].iter().all(|number| !path(*number).exists()));
        assert!([2, 3, 4].iter().all(|number| path(*number).exists()));
        others.iter().for_each(|file| assert!(!file.exists(), "{}", file.display()));
        kept.iter().for_each(|file| assert!(file.exists(), "{}", file.display()));
    }
}
