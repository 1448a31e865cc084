//! Detects files of another format by their first bytes.

#[cfg(any(feature = "arrow", feature = "parquet", feature = "sqlite"))]
use std::{fs::File, io::Read, path::Path};

/// Number of bytes at the start of a file that are inspected.
pub(super) const HEADER_LENGTH: usize = 64;

/// A file format: its first bytes, its description, and advice.
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

/// The known formats. No table in text form starts with these bytes.
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

/// The starts of HTML and XML documents, in lower case.
const PAGES: [&[u8]; 4] = [b"<!doctype", b"<html", b"<head", b"<?xml"];

/// The description and advice for a file with the given first bytes, if its format is known.
pub(super) fn describe_format(start: &[u8]) -> Option<String> {
    let description = |what: &str, advice: &str| format!("found {what}; {advice}");
    if let Some(found) = FORMATS.iter().find(|format| start.starts_with(format.starts)) {
        return Some(description(found.what, found.advice));
    }
    // In UTF-16, ASCII characters have a zero byte.
    let has_byte_order_mark = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    if has_byte_order_mark && start.contains(&0) {
        return Some(description("text in UTF-16", "write it as UTF-8"));
    }
    let lowercase = start.trim_ascii_start().to_ascii_lowercase();
    let is_page = PAGES.iter().any(|page| lowercase.starts_with(page));
    is_page.then(|| description("a page of the web", "its download went wrong"))
}

/// Appends the actual format of a file to the reader's error `reason`, if the file does not start
/// with the signature `own` and its format is known.
#[cfg(any(feature = "arrow", feature = "parquet", feature = "sqlite"))]
pub(super) fn with_actual_format(path: &Path, own: &str, reason: String) -> String {
    let mut start = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(HEADER_LENGTH as u64).read_to_end(&mut start));
    let other = read.is_ok() && !start.starts_with(own.as_bytes());
    match describe_format(&start).filter(|_| other) {
        Some(found) => format!("{reason}; {found}"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_beginning_and_tables_are_none_of_them() {
        let check = |start: &[u8], what: &str| {
            let found = describe_format(start).unwrap();
            assert!(found.contains(what), "{found}");
        };
        check(b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS");
        check(b"\x1f\x8b\x08\0", "gzip");
        check(b"\n<!DOCTYPE html>\n<html>", "a page of the web");
        check(b"PK\x03\x04\x14\0", "Excel");
        check(b"PAR1\x15\x04", "`Parquet`");
        check(b"\xff\xfea\0g\0", "UTF-16");
        for table in ["version,https\n1,2", "PAR1,PAR2", "BZh9,a", "<5,b", "", "{\"a\": 1}"] {
            assert_eq!(describe_format(table.as_bytes()), None, "{table}");
        }
    }
}
