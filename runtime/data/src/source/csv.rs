//! Rows from a CSV file.

mod errors;
mod header;
mod rows;
mod split;
mod tables;

use std::{io::Read, marker::PhantomData, path::Path};

use multi_input_base::Result;
use serde::de::DeserializeOwned;

use self::{rows::Rows, tables::Tables};
use super::{
    blocks::{by_rows, BlockRequest, Blocks},
    file::TextFile,
    Source,
};

/// A CSV file whose first line names the columns.
///
/// Columns may be in any order; columns that no field uses are ignored. `R` is a row struct of a
/// model, or any struct with serde's `Deserialize`. Cells are trimmed; see [what a cell may
/// hold](crate::columns#cells). Image paths are relative to the folder of the file. Rows are streamed, not
/// kept in memory. pandas: `read_csv`.
///
/// ```no_run
/// use multi_input::data::{Csv, Source};
///
/// #[derive(serde::Deserialize)]
/// struct House {
///     rooms: f32,
/// }
///
/// for house in Csv::<House>::new("houses.csv").rows()? {
///     println!("{}", house?.rooms);
/// }
/// # Ok::<(), multi_input::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csv<R> {
    file: TextFile,
    delimiter: u8,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Csv<R> {
    /// Creates a source from the path of a comma-separated file.
    pub fn new(path: impl AsRef<Path>) -> Csv<R> {
        Csv::of(TextFile::new(path.as_ref()))
    }

    /// Creates a source from the path of a tab-separated file.
    pub fn tabs(path: impl AsRef<Path>) -> Csv<R> {
        Csv::new(path).delimiter(b'\t')
    }

    fn of(file: TextFile) -> Csv<R> {
        Csv { file, delimiter: b',', row: PhantomData }
    }

    /// Sets the delimiter; the default is a comma.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Csv<R> {
        self.delimiter = delimiter;
        self
    }
}

impl<R: DeserializeOwned> Source for Csv<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        Rows::open(self)
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let rows = Rows::<R>::open(self)?;
        Ok(match Tables::of(rows, wanted)? {
            Ok(tables) => Box::new(tables),
            Err(rows) => by_rows(rows, wanted),
        })
    }
}

/// Reads all rows of a CSV file. See [`Csv`].
///
/// # Errors
/// [`Error::File`](multi_input_base::Error::File) if the file cannot be read;
/// [`Error::Line`](multi_input_base::Error::Line), with file, line, field, expected and found
/// value, for an invalid line, and if there are no rows.
pub fn read_csv<R: DeserializeOwned>(path: impl AsRef<Path>) -> Result<Vec<R>> {
    all(&Csv::new(path))
}

/// As [`read_csv`], from any reader; `name` replaces the path in error messages.
///
/// ```
/// # use multi_input::data::read_csv_from;
/// #[derive(serde::Deserialize)]
/// struct House {
///     rooms: f32,
/// }
///
/// let houses: Vec<House> = read_csv_from("id,rooms\na,4\nb,5".as_bytes(), "houses")?;
/// assert_eq!(houses[1].rooms, 5.0);
/// # Ok::<(), multi_input::Error>(())
/// ```
///
/// # Errors
/// As [`read_csv`].
pub fn read_csv_from<R: DeserializeOwned>(reader: impl Read, name: &str) -> Result<Vec<R>> {
    all(&Csv::of(TextFile::read(reader, name)?))
}

/// Whether a cell may need trimming, which is rare.
fn is_untidy(cell: &str) -> bool {
    let may_be_space = |byte: Option<&u8>| byte.is_some_and(|b| *b <= b' ' || !b.is_ascii());
    let bytes = cell.as_bytes();
    may_be_space(bytes.first()) || may_be_space(bytes.last())
}

fn all<R: DeserializeOwned>(csv: &Csv<R>) -> Result<Vec<R>> {
    let rows = csv.read_all()?;
    match rows.is_empty() {
        true => Err(csv.file.refuse(2, "expected rows below the column names, found none")),
        false => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use multi_input_base::{Error, Seed};
    use serde::Deserialize;

    use super::*;
    use crate::{BadRow, ImageLimits};

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        age: f32,
        name: String,
    }

    fn read(text: &[u8]) -> Result<Vec<Row>> {
        read_csv_from(text, "people.csv")
    }

    fn message(text: &[u8]) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows = read(b"\xef\xbb\xbfname, age ,extra\n\"Ann, B\",3,x\nBob,4.5,\n").unwrap();
        assert_eq!(rows[0], Row { age: 3.0, name: "Ann, B".into() });
        assert_eq!(rows[1], Row { age: 4.5, name: "Bob".into() });
    }

    #[test]
    fn nothing_to_read_is_an_error() {
        assert!(message(b"").contains("people.csv, line 1: expected a line of column names"));
        assert!(message(b"age,name\n").contains("line 2: expected rows below"));
    }

    #[test]
    fn a_ragged_row_names_its_line_and_both_lengths() {
        let text = message(b"age,name\n1,a\n2,b,c\n");
        assert!(text.starts_with("people.csv, line 3: expected 2 cells"), "{text}");
        assert!(text.contains("found 3; quote a text that contains commas"), "{text}");
        let text = message(b"age,name\n1,a,\n");
        assert!(
            text.ends_with("found 3; nothing stands behind the last `,`; take it away"),
            "{text}"
        );
        let text = message(b"age,name\n1\n");
        assert!(text.ends_with("line 2: expected 2 cells as in the first line, found 1"), "{text}");
    }

    #[test]
    fn a_wrong_cell_names_line_and_column() {
        let text = message(b"name,age\na,1\n\n\nb,old\n");
        assert_eq!(text, "people.csv, line 5: column `age`: expected a number, found `old`");
    }

    #[test]
    fn a_file_that_is_no_table_is_named_for_what_it_is() {
        let names = "people.csv, line 1: expected a line of column names";
        let cases: [(&[u8], &str); 9] = [
            (
                b"age;name\n1;a\n",
                " with `,` between them, found `;`: `age;name`; `Csv::new(..).delimiter(b';')` reads \
                 such a file",
            ),
            (b"age\tname\n1\ta\n", " with `,` between them, found tabs: `age\\tname`; `Csv::tabs`"),
            (b"# of 2024\nage,name\n1,a\n", ", found the remark `# of 2024`; take the line away"),
            (b"# of 2024, all\nage,name\n1,a\n", ", found the remark `# of 2024`; take the line"),
            (
                b"People\nage,name\n1,a\n",
                ", found `People` alone, while the rows have more cells; take away what stands above",
            ),
            (b"{\"age\": 1}\n{\"age\": 2}\n", ", found JSON; read it with `JsonLines`"),
            (b"a\0g\0e\0,\0\n1,a\n", " in UTF-8, found text in UTF-16; write it as UTF-8"),
            (b"\n\n", ", found an empty file"),
            (b"", ", found an empty file"),
        ];
        for (text, expected) in cases {
            let found = message(text);
            let found = found.strip_prefix(names).unwrap_or_else(|| panic!("{found}"));
            assert!(found.starts_with(expected), "{found}");
        }
        let texts =
            "people.csv, line 1: expected a table of texts whose first line names the columns";
        let cases: [(&[u8], &str); 4] = [
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n",
                "what Git LFS keeps in",
            ),
            (b"\x1f\x8b\x08\0\0\0\0\0", "a file compressed by gzip; unpack it first"),
            (b"<!DOCTYPE html>\n<html></html>\n", "a page of the web; its download went wrong"),
            (b"\xff\xfea\0g\0", "text in UTF-16; write it as UTF-8"),
        ];
        for (text, expected) in cases {
            let found = message(text);
            assert!(found.starts_with(&format!("{texts}, found {expected}")), "{found}");
        }
    }

    #[test]
    fn columns_that_are_missing_are_named_with_those_there_are() {
        let text = message(b"1,a\n2,b\n");
        assert_eq!(
            text,
            "people.csv, line 2: the column `age` is missing; the columns are `1`, `a`; the first \
             line names the columns, is `1,a` a row?"
        );
        let text = message(b"Age,name\n2,b\n");
        assert!(text.ends_with("there is a column `Age`; the columns are `Age`, `name`"), "{text}");
        let text = message(b"age,name\n1,a\nage,name\n");
        assert!(
            text.ends_with(
                "line 3: expected a row, found the names of the columns again; take \
            the line away"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_line_is_right_behind_a_quoted_line_break() {
        let text = message(b"name,age\r\n\"a\r\nb\",1\r\nb,old");
        assert!(text.starts_with("people.csv, line 4: column `age`: "), "{text}");
    }

    #[test]
    fn all_line_ends_count() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["\u{feff}name,age", "a,1", "", "b,2", "c,old", "d,3"].join(end);
            let text = message(lines.as_bytes());
            assert!(text.starts_with("people.csv, line 5: column `age`: "), "{end:?} {text}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_refused() {
        let text = message(b"name,age\na,1\n\"b,2\nc,3\n");
        assert!(text.starts_with("people.csv, line 3: expected a quote that ends"), "{text}");
        assert!(message(b"age,name\n1,\"b \"\"x\"\"").contains("line 2: expected a quote"));
        let rows = read(b"age,name\n1,\"b \"\"x\"\"\"\n2,c\"\n3,\"d\"").unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["b \"x\"", "c\"", "d"]);
    }

    #[test]
    fn other_encodings_are_refused() {
        let text = message(b"age,name\n1,M\xfcller\n");
        assert!(text.contains("line 2: column `name`: expected UTF-8"), "{text}");
        assert!(message(b"\xff\xfe,name\n1,a\n").contains("line 1: expected UTF-8"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_csv::<Row>("/nowhere/people.csv").unwrap_err();
        assert!(matches!(error, Error::File { .. }));
        assert!(error.to_string().contains("/nowhere/people.csv"), "{error}");
        assert!(matches!(read_csv::<Row>("/").unwrap_err(), Error::File { .. }));
    }

    #[test]
    fn bad_rows_may_be_left_out_and_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.tsv");
        let text = b"name\tage\nAnn\t3\nBob\told\nCy\t5\t6\n\xff\t1\nDan\t7\n";
        std::fs::write(&path, text).unwrap();
        let source = Csv::<Row>::tabs(&path).on_bad_row(BadRow::Skip);
        for _ in 0..2 {
            let rows = source.read_all().unwrap();
            assert_eq!(rows.iter().map(|row| row.age).collect::<Vec<_>>(), [3.0, 7.0]);
            let skipped = source.skipped();
            assert_eq!(skipped.rows, 3);
            let lines = skipped.reasons.iter().zip(["line 3: ", "line 4: ", "line 5: "]);
            lines.for_each(|(reason, line)| assert!(reason.contains(line), "{reason}"));
        }
        assert!(Csv::<Row>::tabs(&path).read_all().is_err());
    }

    #[test]
    fn what_is_left_out_stays_so_whatever_is_wrapped_around_it() {
        let skipping = || Csv::<Row>::new("people.csv").on_bad_row(BadRow::Skip);
        assert!(skipping().images_within("uploads").skips().is_some());
        assert!(skipping()
            .image_limits(ImageLimits::default())
            .part(0.0..0.5, Seed(1))
            .skips()
            .is_some());
        let inside = Csv::<Row>::new("people.csv").images_within("uploads");
        assert!(inside.skips().is_none());
        assert!(inside.on_bad_row(BadRow::Skip).skips().is_some());
    }
}
