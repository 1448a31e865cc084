//! Rows from CSV files.

mod dialect;
mod errors;
mod rows;
mod scan;
mod split;
mod tables;
mod window;

use std::{io::Read, marker::PhantomData, path::Path, sync::Arc};

use multi_input_base::{Error, Result};
use multi_input_cells::{
    file::{Delimiter, TableForm, HEADER_EXPECTED},
    Markers,
};
use serde::de::DeserializeOwned;

pub(super) use self::errors::not_text;
use self::{dialect::Dialect, rows::Rows, split::SpecialBytes, tables::Tables};
use super::{
    blocks::{by_rows, Block, BlockRequest, Blocks},
    file::TextFile,
    files::{in_turn, Files},
    pieces::{Piece, PieceBuilder, Pieces},
    shard::{by_number, count_by_number},
    Source,
};

/// A CSV file, or several, whose first line names the columns.
///
/// Columns may be in any order; columns that no field uses are ignored. `R` is a row struct of a
/// model, or any struct with serde's `Deserialize`. Cells are trimmed; see [what a cell may
/// hold](crate::columns#cells). Image paths are relative to the folder of their file. Rows are
/// streamed, not kept in memory. pandas: `read_csv`.
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
///
/// # Several ranks
///
/// Each rank of a cluster reads about as many bytes of the files, all of them together, as every other:
/// rows that follow one another. Before, each rank searches all files once for the beginnings of rows,
/// which a quote may hide, without reading cells. Of files that are compressed, in another encoding
/// than UTF-8 or with whitespace as the delimiter, each rank reads the rows from the first one on up to
/// the end of its part.
///
/// # How the file is written
///
/// What a file says itself is detected: the delimiter (`,`, `;`, a tab or `|`), by its first rows or
/// a first line `sep=;` of Excel's; a byte order mark of UTF-8 or UTF-16; line ends; quotes; and, with
/// the feature `compression`, gzip and Zstandard, by the first bytes of the file whatever its name.
/// The rest is declared:
///
/// | pandas | here |
/// |---|---|
/// | `sep=";"` | nothing, or [`.delimiter(b';')`](Csv::delimiter) |
/// | `sep=r"\s+"` | [`.whitespace()`](Csv::whitespace) |
/// | `header=None, names=["a", "b"]` | [`.names(["a", "b"])`](Csv::names) |
/// | `na_values=["?"]` | [`.missing(["?"])`](Csv::missing); blank cells and NaN are missing anyway |
/// | `comment="#"` | [`.comment(b'#')`](Csv::comment), for whole lines |
/// | `skiprows=3` | [`.skip_lines(3)`](Csv::skip_lines) |
/// | `encoding="latin1"` | [`.encoding("latin1")`](Csv::encoding) |
/// | `compression="gzip"` | nothing |
/// | `on_bad_lines="skip"` | [`.on_bad_row(BadRow::Skip)`](Source::on_bad_row) |
/// | `usecols=` | nothing: the fields of the row |
/// | `decimal=","`, `thousands="."` | `decimal = ","` and `thousands = "."` on the field |
/// | `pd.concat(map(pd.read_csv, paths))` | [`Csv::files(paths)`](Csv::files), [`Csv::pattern("2024-*.csv")`](Csv::pattern) |
///
/// ```
/// use multi_input::data::{Csv, Source};
///
/// #[derive(serde::Deserialize)]
/// struct Car {
///     mpg: f32,
///     horsepower: Option<f32>,
///     name: String,
/// }
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("cars.data");
/// # std::fs::write(&path, "25.0   113.0  \"sedan a\"\n19.0   ?      \"van\"\n").unwrap();
/// let cars = Csv::<Car>::new(path).whitespace().names(["mpg", "horsepower", "name"]).missing(["?"]);
/// let cars = cars.read_all()?;
/// assert_eq!((cars[0].horsepower, cars[1].horsepower), (Some(113.0), None));
/// # Ok::<(), multi_input::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csv<R> {
    files: Files<TextFile>,
    form: Arc<TableForm>,
    markers: Arc<Markers>,
    pieces: Pieces,
    row: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Csv<R> {
    /// Creates a source from the path of a file.
    pub fn new(path: impl AsRef<Path>) -> Csv<R> {
        Csv::of(Files::One(TextFile::new(path.as_ref())))
    }

    /// Creates a source from the path of a tab-separated file.
    pub fn tabs(path: impl AsRef<Path>) -> Csv<R> {
        Csv::new(path).delimiter(b'\t')
    }

    /// Creates a source from several files, whose rows follow one another in the order of the paths.
    ///
    /// Each file is read as if alone: it has its own line of names, in an order of its own, its own
    /// delimiter where none is declared, and image paths relative to its own folder. Errors name the
    /// file and the line in it. A blank file has no rows.
    pub fn files(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Csv<R> {
        Csv::of(Files::list(paths, TextFile::new))
    }

    /// Creates a source from the files that match a pattern, as [`files`](Csv::files) in the order of
    /// their paths, in which `part2` precedes `part10`.
    ///
    /// `*` stands for any characters but `/`, `?` for one, `[a-c]` for one of some, and `**` for any
    /// folders. Names that begin with a dot match only where the pattern has the dot. The files are
    /// looked up at the start of every pass; a pattern that no file matches is an error.
    ///
    /// ```
    /// use multi_input::data::{Csv, Source};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Trip {
    ///     price: f32,
    /// }
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path().display();
    /// # std::fs::write(format!("{folder}/2024-2.csv"), "price\n2\n").unwrap();
    /// # std::fs::write(format!("{folder}/2024-10.csv"), "id,price\n7,10\n").unwrap();
    /// let trips = Csv::<Trip>::pattern(format!("{folder}/2024-*.csv")).read_all()?;
    /// assert_eq!([trips[0].price, trips[1].price], [2.0, 10.0]);
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    pub fn pattern(pattern: impl Into<String>) -> Csv<R> {
        Csv::of(Files::Pattern(pattern.into()))
    }

    fn of(files: Files<TextFile>) -> Csv<R> {
        let (form, markers, pieces) = (Arc::default(), Arc::default(), Pieces::default());
        Csv { files, form, markers, pieces, row: PhantomData }
    }

    /// Sets the delimiter, where it is not to be detected. pandas: `sep`.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Csv<R> {
        self.with(|form| form.delimiter = Delimiter::Byte(delimiter))
    }

    /// Sets runs of spaces and tabs as the delimiter, as in tables whose columns are aligned. Blanks at
    /// the start and end of a line are ignored; a cell with blanks in it is quoted. pandas:
    /// `sep=r"\s+"`.
    #[must_use]
    pub fn whitespace(self) -> Csv<R> {
        self.with(|form| form.delimiter = Delimiter::Whitespace)
    }

    /// Sets the names of the columns of a file that has no line of names: its first line is a row. A
    /// row with more or fewer cells than there are names is an error. pandas: `names`, with
    /// `header=None`.
    #[must_use]
    pub fn names(self, names: impl IntoIterator<Item = impl Into<String>>) -> Csv<R> {
        let names = names.into_iter().map(Into::into).collect();
        self.with(|form| form.names = Some(names))
    }

    /// Sets texts that denote a missing value in every column, besides blank cells and NaN. A text
    /// that is a number denotes every equal number: `-200` also `-200.0`. For the markers of one
    /// column, a field has `missing("?")`. pandas: `na_values`, but the texts that pandas takes for
    /// missing by itself, such as `NA`, have to be declared.
    #[must_use]
    pub fn missing(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Csv<R> {
        self.markers = Arc::new(Markers::new(texts.into_iter().map(Into::into).collect()));
        self
    }

    /// Leaves out the lines that begin with this byte, usually `#`. pandas: `comment`, which also cuts
    /// lines off where the byte follows.
    #[must_use]
    pub fn comment(self, first: u8) -> Csv<R> {
        self.with(|form| form.comment = Some(first))
    }

    /// Leaves out the first lines of the file: a title, or the date of an export. pandas: `skiprows`.
    #[must_use]
    pub fn skip_lines(self, lines: usize) -> Csv<R> {
        self.with(|form| form.skip_lines = lines)
    }

    /// Sets the encoding of the file; the default is UTF-8, and UTF-16 where the file begins with its
    /// byte order mark. The name is one of [the web's labels](https://encoding.spec.whatwg.org/#names-and-labels)
    /// or of Python's, such as `"windows-1252"`, `"latin1"` (which the web reads as the former),
    /// `"iso-8859-15"`, `"utf-16le"`, `"shift_jis"` or `"gb18030"`. Bytes that are malformed in the
    /// encoding are an error of their row. pandas: `encoding`.
    #[must_use]
    pub fn encoding(self, name: impl Into<String>) -> Csv<R> {
        self.with(|form| form.encoding = Some(name.into()))
    }

    fn with(mut self, change: impl FnOnce(&mut TableForm)) -> Csv<R> {
        change(Arc::make_mut(&mut self.form));
        self.pieces = Pieces::default();
        self
    }

    /// The rows of one of the files; `None` where it is blank and there are others.
    fn open(&self, file: TextFile) -> Result<Option<Rows<R>>> {
        let blank = file.clone();
        let (form, markers) = (self.form.clone(), self.markers.clone());
        let rows = Rows::open(Dialect { file, form, markers, row: PhantomData })?;
        match rows {
            None if !self.files.are_several() => Err(match self.form.names {
                None => blank.refuse(1, format!("{HEADER_EXPECTED}, found an empty file")),
                Some(_) => blank.refuse(1, "expected rows, found an empty file"),
            }),
            rows => Ok(rows),
        }
    }

    /// The blocks of rows.
    fn blocks_of<'a>(rows: Rows<R>, request: &'a BlockRequest) -> Blocks<'a, R>
    where
        R: 'a,
    {
        match Tables::plan(&rows, request) {
            Some(plan) => Box::new(Tables::new(rows, request, plan)),
            None => by_rows(rows, request),
        }
    }

    /// The blocks of all rows.
    fn all_blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        let open = move |file| -> Result<Blocks<'a, R>> {
            Ok(match self.open(file)? {
                Some(rows) => Self::blocks_of(rows, request),
                None => Box::new(std::iter::empty()),
            })
        };
        Ok(Box::new(in_turn(self.files.all(TextFile::new)?, open, failed)?))
    }

    /// The blocks of some pieces.
    fn blocks_of_pieces<'a>(
        &'a self,
        pieces: Vec<Piece>,
        request: &'a BlockRequest,
    ) -> Result<Blocks<'a, R>> {
        let open = move |piece: Piece| -> Result<Blocks<'a, R>> {
            let Some(mut rows) = self.open(piece.file.clone())? else {
                return Ok(Box::new(std::iter::empty()));
            };
            rows.restrict_to(&piece)?;
            Ok(Self::blocks_of(rows, request))
        };
        Ok(Box::new(in_turn(pieces, open, failed)?))
    }

    /// The pieces of the request's shard; `None` where the files cannot be divided by bytes.
    fn pieces(&self, request: &BlockRequest) -> Result<Option<Vec<Piece>>> {
        let scan = |file: &TextFile, size, pieces: &mut PieceBuilder| {
            let Some(rows) = self.open(file.clone())? else { return Ok(true) };
            let start = rows.dialect().start_in_file()?;
            let (Some(start), Some(_)) = (start, SpecialBytes::new(rows.delimiter())) else {
                return Ok(false);
            };
            let scan = rows.dialect().scan(rows.delimiter(), start);
            let table = file.bytes_within(start.byte..size);
            let scanned = table.and_then(|table| scan.run(table, pieces));
            scanned.map_err(|error| file.unreadable(error)).map(|()| true)
        };
        self.pieces.of(request.shard(), || self.files.all(TextFile::new), scan)
    }
}

/// The block of a file that cannot be opened.
fn failed<R>(error: Error) -> Block<R> {
    Block::Rows(vec![Err(error)])
}

impl<R: DeserializeOwned> Source for Csv<R> {
    type Row = R;

    fn rows(&self) -> Result<impl Iterator<Item = Result<R>>> {
        let open = |file| Ok(self.open(file)?.into_iter().flatten());
        in_turn(self.files.all(TextFile::new)?, open, Err)
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, R>> {
        if request.shard().is_all() {
            return self.all_blocks(request);
        }
        match self.pieces(request)? {
            Some(pieces) => self.blocks_of_pieces(pieces, request),
            None => by_number(request, || self.all_blocks(request)),
        }
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        match self.pieces(request)? {
            Some(pieces) => Ok(pieces.iter().map(|piece| piece.rows).sum()),
            None => count_by_number(request, || self.all_blocks(request)),
        }
    }
}

/// Reads all rows of a CSV file. See [`Csv`].
///
/// # Errors
/// [`Error::File`](multi_input_base::Error::File) if the file cannot be read;
/// [`Error::Line`](multi_input_base::Error::Line), with file, line, field, expected and found
/// value, for an invalid line, and if there are no rows.
#[rustfmt::skip] // In one line, which rustc's message about another type quotes.
#[doc(alias("load_csv", "from_csv"))]
pub fn read_csv<R>(path: impl AsRef<Path>) -> Result<Vec<R>> where Vec<R>: RowsOfFile {
    RowsOfFile::read(TextFile::new(path.as_ref()))
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
#[rustfmt::skip]
pub fn read_csv_from<R>(reader: impl Read, name: &str) -> Result<Vec<R>> where Vec<R>: RowsOfFile {
    RowsOfFile::read(TextFile::read(reader, name)?)
}

/// Rows that a file can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a file",
    label = "rows to train on are `..Sample`, rows to predict from `..Inputs`, others derive `Deserialize`"
)]
pub trait RowsOfFile: Sized {
    #[doc(hidden)]
    fn read(file: TextFile) -> Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<R: DeserializeOwned> RowsOfFile for Vec<R> {
    fn read(file: TextFile) -> Result<Vec<R>> {
        let rows = Csv::of(Files::One(file.clone())).read_all()?;
        match rows.is_empty() {
            true => Err(file.refuse(2, "expected rows below the column names, found none")),
            false => Ok(rows),
        }
    }
}

/// Whether a cell may need trimming, which is rare.
fn is_untidy(cell: &str) -> bool {
    let may_be_space = |byte: Option<&u8>| byte.is_some_and(|b| *b <= b' ' || !b.is_ascii());
    let bytes = cell.as_bytes();
    may_be_space(bytes.first()) || may_be_space(bytes.last())
}

#[cfg(test)]
mod tests {
    use multi_input_base::Seed;
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
        let text = message(b"age,name\n\"1\",3,a\n\"2\",4,b\n");
        assert!(
            text.ends_with(
                "found 3; all rows have one cell more, as R writes row names; \
            `.skip_lines(1).names([..])` names all columns"
            ),
            "{text}"
        );
        let text = message(b"age,name\n1,a\n# end\n");
        assert!(text.ends_with("found 1; `.comment(b'#')` leaves remarks out"), "{text}");
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
            (b"# of 2024\nage,name\n1,a\n", ", found the remark `# of 2024`; `.comment(b'#')` leaves"),
            (b"# of 2024, all\nage,name\n1,a\n", ", found the remark `# of 2024`; `.comment(b'#')`"),
            (
                b"People\nage,name\n1,a\n",
                ", found `People`, while the rows below have more cells; `.skip_lines(1)` leaves out",
            ),
            (
                b"People,2024\n\nage,name,town\n1,a,b\n",
                ", found `People,2024`, while the rows below have more cells; `.skip_lines(2)` leaves",
            ),
            (b"People\n1,a\n", ", found `People` alone, while the rows have more cells; `.skip_lines("),
            (b"{\"age\": 1}\n{\"age\": 2}\n", ", found JSON; read it with `JsonLines`"),
            (b"a\0g\0e\0,\0\n1,a\n", " in UTF-8, found text in UTF-16; `.encoding(\"utf-16le\")`"),
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
        let cases: [(&[u8], &str); 5] = [
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n",
                "what Git LFS keeps in",
            ),
            (b"PK\x03\x04\x14\0", "a ZIP archive or an Excel workbook; write its table into a CSV"),
            (b"<!DOCTYPE html>\n<html></html>\n", "a page of the web; its download went wrong"),
            (b"PAR1\x15\x04", "a Parquet file; read it with `Parquet`"),
            (b"\xff\xfe\0\0a\0\0\0", "text in UTF-32; write it as UTF-8"),
        ];
        for (text, expected) in cases {
            let found = message(text);
            assert!(found.starts_with(&format!("{texts}, found {expected}")), "{found}");
        }
    }

    #[cfg(not(feature = "compression"))]
    #[test]
    fn the_feature_that_reads_an_archive_is_named() {
        for (start, name) in [(&b"\x1f\x8b\x08\0"[..], "gzip"), (b"\x28\xb5\x2f\xfd", "Zstandard")]
        {
            let found = message(start);
            let expected =
                format!("found a file compressed by {name}; the feature `compression` of");
            assert!(found.contains(&expected), "{found}");
        }
    }

    /// The rows of a text by the options of a source.
    fn read_by(text: impl AsRef<[u8]>, options: impl Fn(Csv<Row>) -> Csv<Row>) -> Result<Vec<Row>> {
        let file = TextFile::read(text.as_ref(), "people.csv")?;
        options(Csv::of(Files::One(file))).read_all()
    }

    fn of(rows: &[(f32, &str)]) -> Vec<Row> {
        rows.iter().map(|&(age, name)| Row { age, name: name.to_owned() }).collect()
    }

    #[test]
    fn the_delimiter_is_detected_or_declared() {
        let known = of(&[(1.0, "a"), (2.5, "b")]);
        for between in [",", ";", "\t", "|"] {
            let text = format!("age{between}name\n1{between}a\n2.5{between}\"b\"\n");
            assert_eq!(read_by(&text, |csv| csv).unwrap(), known, "{between}");
            let delimiter = between.as_bytes()[0];
            assert_eq!(read_by(&text, |csv| csv.delimiter(delimiter)).unwrap(), known);
            let other = if delimiter == b',' { b';' } else { b',' };
            let message = read_by(&text, |csv| csv.delimiter(other)).unwrap_err().to_string();
            assert!(message.contains("expected a line of column names with"), "{message}");
            assert!(message.contains("reads such a file"), "{message}");
        }
        // Both divide all lines equally; the columns tell.
        let text = "x,age;name\n1,2;a\n3,4;b\n";
        let message = read_by(text, |csv| csv).unwrap_err().to_string();
        assert!(message.contains("the column `age` is missing"), "{message}");
        let rows = read_by("age;name;x,y\n2;a;1,0\n", |csv| csv).unwrap();
        assert_eq!(rows, of(&[(2.0, "a")]));
        let text = "age;name;n,age,name\n2;a;b,3,c\n";
        let message = read_by(text, |csv| csv).unwrap_err().to_string();
        assert!(message.contains("`,` and `;` both divide its lines into columns"), "{message}");
        assert_eq!(read_by(text, |csv| csv.delimiter(b';')).unwrap(), of(&[(2.0, "a")]));
        assert_eq!(read_by(text, |csv| csv.delimiter(b',')).unwrap(), of(&[(3.0, "c")]));
    }

    #[test]
    fn a_line_of_excel_declares_the_delimiter() {
        for start in ["sep=;\r\n", "\u{feff}SEP=;\n", "\n\"sep=;\"\n"] {
            let text = format!("{start}age;name\n1;a,b\n");
            assert_eq!(read_by(&text, |csv| csv).unwrap(), of(&[(1.0, "a,b")]), "{start:?}");
            let rows = read_by(text.replace("age;name\n", ""), |csv| csv.names(["age", "name"]));
            assert_eq!(rows.unwrap(), of(&[(1.0, "a,b")]), "{start:?}");
        }
        let message = read_by("sep=;\nage;name\n1;a\nold;b\n", |csv| csv).unwrap_err().to_string();
        assert!(message.starts_with("people.csv, line 4: column `age`: "), "{message}");
    }

    #[test]
    fn a_file_without_names_is_read_with_names_in_code() {
        let names = |csv: Csv<Row>| csv.names(["name", "age"]);
        let known = of(&[(1.0, "a"), (2.0, "b")]);
        for text in ["a,1\nb,2\n", "a;1\nb;2\n", "a\t1\r\nb\t2"] {
            assert_eq!(read_by(text, names).unwrap(), known, "{text:?}");
        }
        let message = |text: &str| read_by(text, names).unwrap_err().to_string();
        let found = message("a,1\nb,2,3\n");
        assert!(
            found.ends_with(
                "line 2: expected 2 cells as there are names, found 3; quote a text \
            that contains commas"
            ),
            "{found}"
        );
        let found = message("name,age\na,1\n");
        assert!(found.contains("line 1: expected a row, because `.names([..])` says"), "{found}");
        assert!(message("").contains("expected rows, found an empty file"));
        let found = message("a,1\nold,b\n");
        assert!(found.contains("line 2: column `age`: expected a number, found `b`"), "{found}");
        let found = read_by("1.5,2\n2.5,3\n", |csv| csv).unwrap_err().to_string();
        assert!(
            found.contains(
                "line 1: expected a line of column names, found the row `1.5,2`; \
            `.names([..])` reads"
            ),
            "{found}"
        );
    }

    #[test]
    fn whitespace_remarks_and_lines_above_are_left_out() {
        let known = of(&[(1.0, "a b"), (2.0, "# c")]);
        let text = "age   name\n  1 \t \"a b\"  \n\n2 \"# c\"\n";
        assert_eq!(read_by(text, Csv::whitespace).unwrap(), known);
        let message = read_by(text, |csv| csv).unwrap_err().to_string();
        assert!(message.contains("found spaces: `age   name`; `.whitespace()` reads"), "{message}");
        let message = read_by(text, |csv| csv.delimiter(b' ')).unwrap_err().to_string();
        assert!(
            message.contains("; `.whitespace()` reads columns that runs of spaces"),
            "{message}"
        );
        let message = read_by("age name\n1 a\nold b\n", Csv::whitespace).unwrap_err().to_string();
        assert_eq!(message, "people.csv, line 3: column `age`: expected a number, found `old`");
        for end in ["\n", "\r\n", "\r"] {
            let lines =
                ["# of 2024", "age,name", "#,", "1,a b", "# \"", "2,\"# c\"", "#"].join(end);
            let comments = |csv: Csv<Row>| csv.comment(b'#');
            assert_eq!(read_by(&lines, comments).unwrap(), known, "{end:?}");
            let message = read_by(lines + end + "old,d", comments).unwrap_err().to_string();
            assert!(message.starts_with("people.csv, line 8: column `age`: "), "{message}");
            let lines = ["Of 2024", "", "\"", "age,name", "1,a b", "2,# c", "old,d"].join(end);
            let skipped = read_by(&lines, |csv| csv.skip_lines(3)).unwrap_err().to_string();
            assert!(skipped.starts_with("people.csv, line 7: column `age`: "), "{skipped}");
            let whole = lines.replace("old,d", "");
            assert_eq!(read_by(whole, |csv| csv.skip_lines(3)).unwrap(), known, "{end:?}");
        }
    }

    #[test]
    fn missing_markers_are_blank_cells() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Sensor {
            level: Option<f32>,
            state: Option<String>,
        }
        let text = b"level,state\n1.5,NA\n-200.0,ok\n?,-200\n-20,NAN\n";
        let file = TextFile::read(&text[..], "sensor.csv").unwrap();
        let csv = Csv::<Sensor>::of(Files::One(file)).missing(["NA", "?", "-200"]);
        let found: Vec<_> =
            csv.read_all().unwrap().into_iter().map(|r| (r.level, r.state)).collect();
        let some = |text: &str| Some(text.to_owned());
        let known =
            [(Some(1.5), None), (None, some("ok")), (None, None), (Some(-20.0), some("NAN"))];
        assert_eq!(found, known);
    }

    #[test]
    fn encodings_are_detected_or_declared() {
        let known = of(&[(1.0, "M\u{fc}ller \u{20ac}"), (2.0, "\u{1f600}")]);
        let text = "age,name\n1,M\u{fc}ller \u{20ac}\n2,\u{1f600}\n";
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
        assert_eq!(read_by([b"\xff\xfe", &little[..]].concat(), |csv| csv).unwrap(), known);
        let with_mark = [b"\xfe\xff", &big[..]].concat();
        assert_eq!(read_by(&with_mark, |csv| csv.encoding("utf-16")).unwrap(), known);
        assert_eq!(read_by(&little, |csv| csv.encoding("UTF-16")).unwrap(), known);
        assert_eq!(read_by(&big, |csv| csv.encoding("utf_16_be")).unwrap(), known);
        let western = b"age,name\n1,M\xfcller \x80\n";
        for name in ["latin1", "latin-1", "windows-1252", "cp1252", "ISO-8859-1"] {
            assert_eq!(read_by(western, |csv| csv.encoding(name)).unwrap(), known[..1], "{name}");
        }
        let message = read_by(western, |csv| csv.encoding("ascii")).unwrap_err().to_string();
        assert!(
            message.ends_with("line 2: column `name`: expected text in `ascii`, found other bytes"),
            "{message}"
        );
        let message = read_by(western, |csv| csv.encoding("klingon")).unwrap_err().to_string();
        assert!(message.contains("found the unknown encoding `klingon`"), "{message}");
        // A surrogate by itself, and half of a character at the end.
        let broken = [&little[..little.len() - 6], b"\x00\xd8\n\0"].concat();
        let message = read_by(broken, |csv| csv.encoding("utf-16")).unwrap_err().to_string();
        assert!(message.contains("line 3: column `name`: expected text in `utf-16`"), "{message}");
        let broken = &little[..little.len() - 3];
        assert!(read_by(broken, |csv| csv.encoding("utf-16")).is_err());
    }

    #[test]
    fn several_files_are_one_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a10.csv"), "name;age\nc;3\nd;4\n").unwrap();
        std::fs::write(path("a2.csv"), "age,name\n1,a\n2,b\n").unwrap();
        std::fs::write(path("a3.csv"), "").unwrap();
        std::fs::write(path("a4.csv"), "name,age\n").unwrap();
        let ages = |csv: &Csv<Row>| -> Vec<f32> {
            csv.read_all().unwrap().iter().map(|row| row.age).collect()
        };
        let pattern = Csv::<Row>::pattern(path("a*.csv").display().to_string());
        assert_eq!(ages(&pattern), [1.0, 2.0, 3.0, 4.0]);
        let list = Csv::<Row>::files([path("a10.csv"), path("a2.csv")]);
        assert_eq!(ages(&list), [3.0, 4.0, 1.0, 2.0]);
        std::fs::write(path("a5.csv"), "id,name\n1,x\n").unwrap();
        let message = pattern.read_all().unwrap_err().to_string();
        assert!(message.contains("a5.csv, line 2: the column `age` is missing"), "{message}");
        let skipping = Csv::<Row>::files([path("a2.csv"), path("a5.csv"), path("a10.csv")])
            .on_bad_row(BadRow::Skip);
        assert_eq!(skipping.read_all().unwrap().len(), 4);
        assert!(skipping.skipped().reasons[0].contains("a5.csv"));
        let with_missing = Csv::<Row>::files([path("a2.csv"), path("none.csv")]);
        let rows: Vec<_> = with_missing.rows().unwrap().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[2].as_ref().unwrap_err().to_string().contains("none.csv"));
        assert!(Csv::<Row>::files([""; 0]).rows().is_err());
        let message = read_csv::<Row>(folder.path()).unwrap_err().to_string();
        assert!(message.contains("it is a folder; `pattern("), "{message}");
    }

    #[test]
    fn columns_that_are_missing_are_named_with_those_there_are() {
        let text = message(b"1,a\n2,b\n");
        assert_eq!(
            text,
            "people.csv, line 2: the column `age` is missing; the columns are `1`, `a`; the first \
             line names the columns, is `1,a` a row? `.names([..])` reads a file without names"
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
        // Also where each of the names would be a valid cell.
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Text {
            name: String,
        }
        let read = |text: &[u8]| read_csv_from::<Text>(text, "people.csv");
        assert_eq!(read(b"name\na\nname\n").unwrap().len(), 2, "a single column");
        let again = read(b"name,id\na,1\nname,id\n").unwrap_err();
        assert!(again.to_string().contains("line 3: expected a row, found the names"), "{again}");
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
