//! Several files as one source.

use std::{
    io,
    path::{Path, PathBuf},
};

use glob::{glob_with, MatchOptions};
use multi_input_base::{Error, Result};

use multi_input_cells::by_name;

/// The files of a source.
#[derive(Clone, Debug)]
pub(super) enum Files<F> {
    One(F),
    List(Vec<F>),
    /// The files whose paths match a pattern.
    Pattern(String),
}

impl<F: Clone> Files<F> {
    /// The files of a list of paths.
    pub(super) fn list(
        paths: impl IntoIterator<Item = impl AsRef<Path>>,
        file: impl Fn(&Path) -> F,
    ) -> Files<F> {
        Files::List(paths.into_iter().map(|path| file(path.as_ref())).collect())
    }

    /// Whether there may be other files than one.
    pub(super) fn are_several(&self) -> bool {
        !matches!(self, Files::One(_))
    }

    /// The files, in order.
    ///
    /// # Errors
    /// For a pattern that is not valid, or that no file matches, and for an empty list.
    pub(super) fn all(&self, file: impl Fn(&Path) -> F) -> Result<Vec<F>> {
        match self {
            Files::One(file) => Ok(vec![file.clone()]),
            Files::List(files) if files.is_empty() => {
                Err(unreadable("files", "the list of their paths is empty"))
            }
            Files::List(files) => Ok(files.clone()),
            Files::Pattern(pattern) => {
                Ok(matches(pattern)?.iter().map(|path| file(path)).collect())
            }
        }
    }
}

/// The files that match a pattern, in the order of their paths, in which `part2` precedes `part10`.
/// Names that begin with a dot match only where the pattern has the dot.
fn matches(pattern: &str) -> Result<Vec<PathBuf>> {
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::default() };
    let options = MatchOptions { require_literal_separator: true, ..options };
    let found =
        glob_with(pattern, options).map_err(|error| unreadable(pattern, error.to_string()))?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|error| Error::File {
            action: "read",
            path: error.path().to_owned(),
            source: error.into(),
        })?;
        if path.is_file() {
            paths.push(path);
        }
    }
    sort(&mut paths);
    match paths.is_empty() {
        true => Err(unreadable(pattern, "no file matches this pattern")),
        false => Ok(paths),
    }
}

/// Sorts paths by name.
pub(super) fn sort(paths: &mut [PathBuf]) {
    paths.sort_by(|a, b| by_name(&a.to_string_lossy(), &b.to_string_lossy()));
}

fn unreadable(path: &str, reason: impl Into<String>) -> Error {
    let source = io::Error::new(io::ErrorKind::NotFound, reason.into());
    Error::File { action: "read", path: path.into(), source }
}

/// The items of several files in turn. The first file is opened at once, so that its error is that of
/// the pass; `failed` makes an item of the error of a later file, which ends the pass.
pub(super) fn in_turn<F, T, I: Iterator<Item = T>>(
    files: Vec<F>,
    mut open: impl FnMut(F) -> Result<I>,
    failed: impl Fn(Error) -> T,
) -> Result<impl Iterator<Item = T>> {
    let mut files = files.into_iter();
    let mut current = files.next().map(&mut open).transpose()?;
    Ok(std::iter::from_fn(move || loop {
        match current.as_mut()?.next() {
            Some(item) => return Some(item),
            None => match files.next().map(&mut open).transpose() {
                Ok(next) => current = next,
                Err(error) => {
                    current = None;
                    return Some(failed(error));
                }
            },
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_files_by_name_and_no_match_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["part10.csv", "part2.csv", ".part3.csv", "other.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("part1.csv")).unwrap();
        let pattern = |name: &str| folder.path().join(name).display().to_string();
        let found = matches(&pattern("part*.csv")).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["part2.csv", "part10.csv"]);
        let none = matches(&pattern("*.tsv")).unwrap_err().to_string();
        assert!(none.contains("*.tsv: no file matches this pattern"), "{none}");
        let invalid = matches("data/***.csv").unwrap_err().to_string();
        assert!(invalid.contains("data/***.csv: "), "{invalid}");
    }

    #[test]
    fn files_follow_one_another_up_to_one_that_cannot_be_opened() {
        let open = |file: i32| match file {
            0 => Err(Error::NoRows("read")),
            file => Ok((0..file).map(Ok)),
        };
        let all: Vec<_> = in_turn(vec![2, 3, 0, 4], open, Err).unwrap().collect();
        assert_eq!(all.len(), 6);
        let numbers: Vec<i32> = all.iter().filter_map(|item| item.as_ref().ok().copied()).collect();
        assert_eq!(numbers, [0, 1, 0, 1, 2]);
        assert!(all[5].is_err() && in_turn(vec![0], open, Err).is_err());
    }
}
