//! The files of a folder of Parquet files.

use std::{
    io,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result};

use super::super::files::sort;

/// The names that Hive, Spark and pandas write for a missing value of a key.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// A file, and the columns that its folders name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    /// The keys and values of folders such as `year=2024`, from the outermost one.
    pub(super) keys: Vec<(String, Option<String>)>,
}

/// The file at a path, or the Parquet files of a folder and of the folders in it, by name. Names that
/// begin with a dot or an underscore, such as `_SUCCESS`, are ignored.
pub(super) fn parts(path: &Path) -> Result<Vec<Part>> {
    let unreadable = |source| Error::File { action: "read", path: path.into(), source };
    if !path.is_dir() {
        return Ok(vec![Part { path: path.into(), keys: Vec::new() }]);
    }
    let mut files = Vec::new();
    collect(path, &mut files).map_err(unreadable)?;
    if files.is_empty() {
        let message = "the folder has no file `*.parquet`";
        return Err(unreadable(io::Error::new(io::ErrorKind::NotFound, message)));
    }
    sort(&mut files);
    let part = |file: PathBuf| {
        let within = file.strip_prefix(path).ok().and_then(Path::parent);
        let keys = within.into_iter().flat_map(Path::iter).filter_map(|name| {
            let (key, value) = name.to_str()?.split_once('=')?;
            Some((unescaped(key), Some(unescaped(value)).filter(|value| value != MISSING)))
        });
        Part { keys: keys.collect(), path: file }
    };
    Ok(files.into_iter().map(part).collect())
}

/// Collects the Parquet files of a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['.', '_']) {
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        // The metadata of the entry itself would be that of a symbolic link.
        match path.metadata()? {
            found if found.is_dir() => collect(&path, files)?,
            found if found.is_file() && extension == "parquet" => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Decodes `%20` and the like.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, next)) = rest.split_first() {
        let code = next.first_chunk::<2>().filter(|_| byte == b'%');
        let code =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { &next[2..] } else { next };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_name_with_the_keys_of_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in [
            "part10.parquet",
            "part2.PARQUET",
            "_SUCCESS",
            ".part1.parquet",
            "notes.txt",
            "_tmp/part.parquet",
            "year=2024/city=S%C3%A3o Paulo/part.parquet",
            "year=__HIVE_DEFAULT_PARTITION__/part.parquet",
        ] {
            let file = root.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let found: Vec<_> = parts(root)
            .unwrap()
            .into_iter()
            .map(|part| (part.path.strip_prefix(root).unwrap().to_owned(), part.keys))
            .collect();
        let year = |value: Option<&str>| ("year".to_owned(), value.map(str::to_owned));
        let city = ("city".to_owned(), Some("S\u{e3}o Paulo".to_owned()));
        let known = [
            ("part2.PARQUET".into(), vec![]),
            ("part10.parquet".into(), vec![]),
            ("year=2024/city=S%C3%A3o Paulo/part.parquet".into(), vec![year(Some("2024")), city]),
            ("year=__HIVE_DEFAULT_PARTITION__/part.parquet".into(), vec![year(None)]),
        ];
        assert_eq!(found, known);
        assert_eq!(parts(&root.join("none")).unwrap()[0].path, root.join("none"));
        let error = parts(&root.join("_tmp/..").join("year=2024")).map(|parts| parts.len());
        assert_eq!(error.unwrap(), 1);
        std::fs::create_dir(root.join("empty")).unwrap();
        let error = parts(&root.join("empty")).unwrap_err().to_string();
        assert!(error.contains("empty: the folder has no file `*.parquet`"), "{error}");
        assert_eq!(unescaped("100%_%zz%41"), "100%_%zzA");
    }
}
