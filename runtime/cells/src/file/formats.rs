//! Detects files of another format by their first bytes.

use std::path::Path;

use super::start_of;

/// Number of bytes at the start of a file that are inspected.
pub(super) const HEADER_LENGTH: usize = 512;

/// Where a tar archive says what it is.
const TAR: (usize, &[u8]) = (257, b"ustar");

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
const PICTURE: &str = "a column of a table names pictures by their paths";

/// The known formats. No table in text form starts with these bytes.
const FORMATS: &[Format] = &[
    format(
        b"version https://git-lfs.github.com/spec/",
        "what Git LFS keeps in a file's place",
        "`git lfs pull` fetches the file",
    ),
    // Text files are decompressed before this table is asked.
    format(b"\x1f\x8b", "a file compressed by gzip", UNPACK),
    format(b"\x28\xb5\x2f\xfd", "a file compressed by Zstandard", UNPACK),
    format(b"\xfd7zXZ\0", "a file compressed by xz", UNPACK),
    format(b"BZh91AY&SY", "a file compressed by bzip2", UNPACK),
    format(b"BZh61AY&SY", "a file compressed by bzip2", UNPACK),
    format(b"BZh11AY&SY", "a file compressed by bzip2", UNPACK),
    format(b"\x04\x22\x4d\x18", "a file compressed by LZ4", UNPACK),
    format(b"\xff\x06\0\0sNaPpY", "a file compressed by Snappy", UNPACK),
    format(b"\x1f\x9d", "a file compressed by `compress`", UNPACK),
    format(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    format(b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    format(b"PK\x03\x04", "a ZIP archive or an Excel workbook", EXPORT),
    format(b"PK\x05\x06", "an empty ZIP archive", EXPORT),
    format(b"\xd0\xcf\x11\xe0", "an old Excel workbook", EXPORT),
    format(b"PAR1\x15", "a Parquet file", "read it with `Parquet`"),
    format(b"PARE", "an encrypted Parquet file", EXPORT),
    format(b"ARROW1\0\0", "an Arrow file", "read it with `Arrow`"),
    format(b"FEA1", "a Feather file of version 1", "write it anew in version 2"),
    format(b"ORC\n", "an ORC file", EXPORT),
    format(b"Obj\x01", "an Avro file", EXPORT),
    format(b"SQLite format 3\0", "an SQLite database", "read it with `Sqlite`"),
    format(b"\x89HDF\r\n", "an HDF5 file", EXPORT),
    format(b"\x93NUMPY", "an array of NumPy's", EXPORT),
    format(b"\x80\x04\x95", "a pickle of Python's", EXPORT),
    format(b"\x80\x05\x95", "a pickle of Python's", EXPORT),
    format(b"<stata_dta>", "a Stata file", EXPORT),
    format(b"$FL2@(#)", "an SPSS file", EXPORT),
    format(b"RDX3\n", "a file of R's", EXPORT),
    format(b"{\\rtf", "a Rich Text document", EXPORT),
    format(b"%PDF-", "a PDF file", EXPORT),
    format(b"\x89PNG\r\n", "a PNG picture", PICTURE),
    format(b"\xff\xd8\xff", "a JPEG picture", PICTURE),
];

/// The starts of HTML and XML documents, in lower case.
const PAGES: [&[u8]; 4] = [b"<!doctype", b"<html", b"<head", b"<?xml"];

/// The description and advice for a file with the given first bytes, if its format is known.
pub fn describe_format(start: &[u8]) -> Option<String> {
    let description = |what: &str, advice: &str| format!("found {what}; {advice}");
    if let Some(found) = FORMATS.iter().find(|format| start.starts_with(format.starts)) {
        return Some(description(found.what, found.advice));
    }
    if start.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1)) {
        return Some(description("a tar archive", UNPACK));
    }
    // The byte order mark of UTF-16 may precede a NUL, but no text begins with one.
    if start.starts_with(b"\xff\xfe\0\0") || start.starts_with(b"\0\0\xfe\xff") {
        return Some(description("text in UTF-32", "write it as UTF-8"));
    }
    let lowercase = start.trim_ascii_start().to_ascii_lowercase();
    let is_page = PAGES.iter().any(|page| lowercase.starts_with(page));
    is_page.then(|| description("a page of the web", "its download went wrong"))
}

/// Appends the actual format of a file to the reader's error `reason`, if the file does not start
/// with the signature `own` and its format is known.
pub fn with_actual_format(path: &Path, own: &str, reason: String) -> String {
    let start = start_of(path).filter(|start| !start.starts_with(own.as_bytes()));
    match start.and_then(|start| describe_format(&start)) {
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
        check(b"\xff\xfe\0\0a\0\0\0", "UTF-32");
        let mut archive = vec![b'a'; 600];
        archive[257..262].copy_from_slice(b"ustar");
        check(&archive, "tar archive");
        for table in ["version,https\n1,2", "PAR1,PAR2", "BZh9,a", "<5,b", "", "{\"a\": 1}"] {
            assert_eq!(describe_format(table.as_bytes()), None, "{table}");
        }
    }
}
