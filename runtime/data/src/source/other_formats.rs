//! Files that are something else than their name says, told by how they begin.

#[cfg(any(feature = "arrow", feature = "parquet", feature = "sqlite"))]
use std::{fs::File, io::Read, path::Path};

/// How many bytes tell.
pub(super) const TELLING: usize = 64;

/// How a file of some format begins, what it is, and what helps.
struct Format {
    starts: &'static [u8],
    what: &'static str,
    advice: &'static str,
}

const fn format(starts: &'static [u8], what: &'static str, advice: &'static str) -> Format {
    Format { starts, what, advice }
}

const UNPACK: &str = "unpack it first";
const EXPORT: &str = "write its table into a CSV file";

/// No table of texts begins so.
const FORMATS: &[Format] = &[
    format(
        b"version https://git-lfs.github.com/spec/",
        "what Git LFS keeps in a file's place",
        "`git lfs pull` fetches the file",
    ),
    format(b"\x1f\x8b", "a file compressed by gzip", UNPACK),
    format(b"\x28\xb5\x2f\xfd", "a file compressed by Zstandard", UNPACK),
    format(b"\xfd7zXZ\0", "a file compressed by xz", UNPACK),
    format(b"BZh91AY&SY", "a file compressed by bzip2", UNPACK),
    format(b"PK\x03\x04", "a ZIP archive or an Excel workbook", EXPORT),
    format(b"\xd0\xcf\x11\xe0", "an old Excel workbook", EXPORT),
    format(b"PAR1\x15", "a Parquet file", "read it with `Parquet`"),
    format(b"ARROW1\0\0", "an Arrow file", "read it with `Arrow`"),
    format(b"SQLite format 3\0", "an SQLite database", "read it with `Sqlite`"),
    format(b"\x89HDF\r\n", "an HDF5 file", EXPORT),
    format(b"\x93NUMPY", "an array of NumPy's", EXPORT),
    format(b"%PDF-", "a PDF file", EXPORT),
];

/// How a page of the web begins, in small letters.
const PAGES: [&[u8]; 4] = [b"<!doctype", b"<html", b"<head", b"<?xml"];

/// What a file that begins so is, and what helps.
pub(super) fn recognised(start: &[u8]) -> Option<String> {
    let says = |what: &str, advice: &str| format!("found {what}; {advice}");
    if let Some(found) = FORMATS.iter().find(|format| start.starts_with(format.starts)) {
        return Some(says(found.what, found.advice));
    }
    // Letters of most alphabets leave every second byte empty.
    let marked = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    if marked && start.contains(&0) {
        return Some(says("text in UTF-16", "write it as UTF-8"));
    }
    let small = start.trim_ascii_start().to_ascii_lowercase();
    let is_page = PAGES.iter().any(|page| small.starts_with(page));
    is_page.then(|| says("a page of the web", "its download went wrong"))
}

/// Why a file is not read that should begin with `own`: its reader's `reason`, and what the file is
/// instead, if it begins as one of these.
#[cfg(any(feature = "arrow", feature = "parquet", feature = "sqlite"))]
pub(super) fn or_another(path: &Path, own: &str, reason: String) -> String {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(TELLING as u64).read_to_end(&mut start));
    let other = read.is_ok() && !start.starts_with(own.as_bytes());
    match recognised(&start).filter(|_| other) {
        Some(found) => format!("{reason}; {found}"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_beginning_and_tables_are_none_of_them() {
        let is = |start: &[u8], what: &str| {
            let found = recognised(start).unwrap();
            assert!(found.contains(what), "{found}");
        };
        is(b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS");
        is(b"\x1f\x8b\x08\0", "gzip");
        is(b"\n<!DOCTYPE html>\n<html>", "a page of the web");
        is(b"PK\x03\x04\x14\0", "Excel");
        is(b"PAR1\x15\x04", "`Parquet`");
        is(b"\xff\xfea\0g\0", "UTF-16");
        for table in ["version,https\n1,2", "PAR1,PAR2", "BZh9,a", "<5,b", "", "{\"a\": 1}"] {
            assert_eq!(recognised(table.as_bytes()), None, "{table}");
        }
    }
}
