//! Parquet, Arrow, SQLite and PostgreSQL take the cells that CSV and JSON take, which `data` tests by
//! the same table.

use std::{fs::File, path::PathBuf, sync::Arc};

use arrow_array::{
    builder::{FixedSizeListBuilder, Float32Builder, LargeListBuilder, ListBuilder, StringBuilder},
    types::{Date32Type, Int32Type, Int64Type},
    ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, DurationSecondArray,
    Float64Array, Int64Array, ListArray, NullArray, RecordBatch, StringArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use multi_input::{
    data::{
        chrono::{DateTime, NaiveDate, NaiveDateTime, Utc},
        Arrow, Parquet, Postgres, Source, Sqlite,
    },
    prelude::*,
};
use parquet::arrow::ArrowWriter;
use serde::{de::DeserializeOwned, Deserialize};

use super::postgresql::Server;

#[path = "../../support/cells.rs"]
mod table;

use table::{check, Cells, Held, Needs, Store};

/// A column of one row.
fn array(held: &Held) -> ArrayRef {
    match *held {
        Held::Null => Arc::new(NullArray::new(1)),
        Held::Bool(value) => Arc::new(BooleanArray::from(vec![value])),
        Held::Whole(value) => Arc::new(Int64Array::from(vec![value])),
        Held::Real(value) => Arc::new(Float64Array::from(vec![value])),
        Held::Text(text) => Arc::new(StringArray::from(vec![text])),
        Held::Date(text) => {
            let date: NaiveDate = text.parse().unwrap();
            Arc::new(Date32Array::from(vec![Date32Type::from_naive_date(date)]))
        }
        Held::Time(text) => {
            let time: NaiveDateTime = text.parse().unwrap();
            let nanoseconds = time.and_utc().timestamp_nanos_opt().unwrap();
            Arc::new(TimestampNanosecondArray::from(vec![nanoseconds]))
        }
        // Not at any offset of the day, but under the name of a zone.
        Held::Instant(text) => {
            let time: DateTime<Utc> = text.parse().unwrap();
            let times = TimestampMicrosecondArray::from(vec![time.timestamp_micros()]);
            Arc::new(times.with_timezone("Europe/Berlin"))
        }
    }
}

/// Columns of kinds that no field takes.
fn odd() -> Vec<(&'static str, ArrayRef)> {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let zoned = TimestampMicrosecondArray::from(vec![i64::MAX]).with_timezone("Mars/Olympus");
    let texts = {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("a"), None]);
        lists.finish()
    };
    vec![
        ("odd bytes", Arc::new(BinaryArray::from(vec![&b"\xff"[..]])) as ArrayRef),
        ("odd object", Arc::new(StructArray::try_from(vec![("zip", text)]).unwrap())),
        ("odd time", Arc::new(Time64MicrosecondArray::from(vec![5]))),
        ("odd instant", Arc::new(zoned)),
        ("odd list", Arc::new(texts)),
    ]
}

fn batch(cells: &Cells) -> RecordBatch {
    let columns = cells.iter().map(|(name, held)| (*name, array(held)));
    // All may be null, as pandas has it.
    let columns = columns.chain(odd()).map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// A folder for one file.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("rows.table")
    }
}

fn write_parquet(path: &PathBuf, batch: &RecordBatch) {
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

struct InParquet(Folder);

impl Store for InParquet {
    type Of<R: DeserializeOwned> = Parquet<R>;
    const HAS: &'static [Needs] = &[Needs::Types, Needs::Flags];
    const NAME: &'static str = "rows.table, row 0: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> Parquet<R> {
        write_parquet(&self.0.path(), &batch(cells));
        Parquet::new(self.0.path())
    }
}

struct InArrow(Folder);

impl Store for InArrow {
    type Of<R: DeserializeOwned> = Arrow<R>;
    const HAS: &'static [Needs] = &[Needs::Types, Needs::Flags];
    const NAME: &'static str = "rows.table, row 0: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> Arrow<R> {
        let mut columns = batch(cells).columns().to_vec();
        let mut names: Vec<String> =
            batch(cells).schema().fields().iter().map(|field| field.name().clone()).collect();
        // Parquet has no such columns.
        columns.push(Arc::new(DurationSecondArray::from(vec![5])));
        names.push("odd duration".to_owned());
        let columns = names.into_iter().zip(columns).map(|(name, column)| (name, column, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let file = File::create(self.0.path()).unwrap();
        let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        Arrow::new(self.0.path())
    }
}

/// A query of constants, each written by `constant`.
fn query(cells: &Cells, constant: impl Fn(&Held) -> String, odd: &str) -> String {
    let columns: Vec<String> =
        cells.iter().map(|(name, held)| format!("{} AS \"{name}\"", constant(held))).collect();
    format!("SELECT {}, {odd}", columns.join(", "))
}

struct InSqlite(Folder);

impl Store for InSqlite {
    type Of<R: DeserializeOwned> = Sqlite<R>;
    const HAS: &'static [Needs] = &[Needs::Types];
    const NAME: &'static str = "rows.table, row 0: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> Sqlite<R> {
        let constant = |held: &Held| match held {
            Held::Null => "NULL".to_owned(),
            // SQLite has neither flags nor NaN.
            Held::Bool(value) => format!("'{value}'"),
            Held::Real(value) if value.is_nan() => "NULL".to_owned(),
            Held::Whole(value) => value.to_string(),
            Held::Real(value) => format!("{value:?}"),
            Held::Text(text) | Held::Date(text) | Held::Time(text) | Held::Instant(text) => {
                format!("'{text}'")
            }
        };
        // An empty file is an empty database.
        File::create(self.0.path()).unwrap();
        Sqlite::new(self.0.path(), query(cells, constant, "x'ff00' AS odd"))
    }
}

struct InPostgres(Server);

impl Store for InPostgres {
    type Of<R: DeserializeOwned> = Postgres<R>;
    const HAS: &'static [Needs] = &[Needs::Types, Needs::Flags];
    const NAME: &'static str = "PostgreSQL, row 0: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> Postgres<R> {
        let constant = |held: &Held| match held {
            Held::Null => "NULL::text".to_owned(),
            Held::Bool(value) => value.to_string(),
            Held::Whole(value) => format!("{value}::int8"),
            Held::Real(value) => format!("'{value}'::float8"),
            Held::Text(text) => format!("'{text}'::text"),
            Held::Date(text) => format!("'{text}'::date"),
            Held::Time(text) => format!("'{text}'::timestamp"),
            Held::Instant(text) => format!("'{text}'::timestamptz"),
        };
        let odd = "'{\"a\": 1}'::json AS odd, '5 days'::interval AS \"odd time\"";
        Postgres::new(self.0.address(), query(cells, constant, odd))
    }
}

#[test]
fn parquet_takes_the_cells_of_the_table() {
    check(&InParquet(Folder::new()));
}

#[test]
fn arrow_takes_the_cells_of_the_table() {
    check(&InArrow(Folder::new()));
}

#[test]
fn sqlite_takes_the_cells_of_the_table() {
    check(&InSqlite(Folder::new()));
}

#[test]
fn postgresql_takes_the_cells_of_the_table() {
    let Some(server) = Server::start() else {
        eprintln!("PostgreSQL is not installed (Debian: postgresql); nothing was tested");
        return;
    };
    check(&InPostgres(server));
}

/// A struct of the user's own.
#[derive(Debug, Deserialize, PartialEq)]
struct Own {
    x: Metres,
    name: String,
    flag: bool,
    at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Metres(f32);

fn own(columns: Vec<(&str, ArrayRef)>) -> Result<Vec<Own>, String> {
    let folder = Folder::new();
    write_parquet(&folder.path(), &RecordBatch::try_from_iter(columns).unwrap());
    let rows = Parquet::new(folder.path()).read_all();
    rows.map_err(|error| error.to_string().rsplit_once("rows.table").unwrap().1.to_owned())
}

#[test]
fn a_struct_of_ones_own_takes_what_our_rows_do() {
    let at = Held::Instant("2019-11-01T13:05:09.25Z");
    let columns = |x: ArrayRef| {
        let name = array(&Held::Whole(7));
        let flag = array(&Held::Whole(1));
        [vec![("x", x), ("name", name), ("flag", flag), ("at", array(&at))], odd()].concat()
    };
    let at = "2019-11-01T13:05:09.25Z".parse().unwrap();
    let known = Own { x: Metres(4.5), name: "7".to_owned(), flag: true, at };
    assert_eq!(own(columns(array(&Held::Text(" 4.5")))).unwrap(), [known]);
    let message = |x: Held| own(columns(array(&x))).unwrap_err();
    let error = message(Held::Text("four"));
    assert_eq!(error, ", row 0: column `x`: expected f32, found string \"four\"");
    let columns = vec![("y", array(&Held::Whole(1))), ("x", array(&Held::Whole(1)))];
    let error = own(columns).unwrap_err();
    assert_eq!(error, ", row 0: the column `name` is missing; the columns are `y`, `x`");
}

/// What a number, a name and a moment are, in every way that Arrow has to write them.
#[test]
fn every_type_of_arrows_is_read() {
    let name = |column: ArrayRef| {
        let columns = vec![
            ("name", column),
            ("x", array(&Held::Whole(1))),
            ("flag", array(&Held::Bool(true))),
            ("at", array(&Held::Instant("2019-11-01T13:05:09Z"))),
        ];
        own(columns).map(|rows| rows[0].name.clone())
    };
    let texts = DictionaryArray::<Int32Type>::from_iter([Some("a")]);
    assert_eq!(name(Arc::new(texts)).as_deref(), Ok("a"));
    let decimal = arrow_array::Decimal128Array::from(vec![12345678901234567890123])
        .with_precision_and_scale(30, 0)
        .unwrap();
    assert_eq!(name(Arc::new(decimal)).as_deref(), Ok("12345678901234567890123"));
    let unsigned = arrow_array::UInt64Array::from(vec![u64::MAX]);
    assert_eq!(name(Arc::new(unsigned)).as_deref(), Ok("18446744073709551615"));
    let view = arrow_array::StringViewArray::from(vec!["a"]);
    assert_eq!(name(Arc::new(view)).as_deref(), Ok("a"));
    let bytes = name(Arc::new(BinaryArray::from(vec![&b"a"[..]]))).unwrap_err();
    assert_eq!(bytes, ", row 0: column `name`: expected a string, found 1 bytes");
}

#[test]
fn a_file_of_another_kind_is_named_for_what_it_is() {
    let folder = Folder::new();
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0\0";
    std::fs::write(folder.path(), gzip).unwrap();
    let errors = [
        Parquet::<Own>::new(folder.path()).read_all(),
        Arrow::<Own>::new(folder.path()).read_all(),
        Sqlite::<Own>::new(folder.path(), "SELECT 1").read_all(),
    ];
    for error in errors.map(|read| read.unwrap_err().to_string()) {
        assert!(error.contains("rows.table cannot be read: "), "{error}");
        assert!(error.ends_with("; found a file compressed by gzip; unpack it first"), "{error}");
    }
}

/// Lists of Arrow's as values of a row.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Lists {
    #[input(pad(3))]
    #[branch(EmbeddingBag(10, 2))]
    codes: Vec<u32>,
    #[input(standardize, pad(3), missing = zeros)]
    #[branch(LSTM(2))]
    pairs: Option<Vec<[f64; 2]>>,
    #[input(categories(9), multi_hot(9))]
    names: Vec<String>,
    #[merge(concat(codes, pairs, names))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

/// Three rows, the last of them of empty and null lists.
fn lists() -> RecordBatch {
    let of_codes = |codes: &[i64]| Some(codes.iter().map(|code| Some(*code)).collect::<Vec<_>>());
    let codes = ListArray::from_iter_primitive::<Int64Type, _, _>([
        of_codes(&[1, 2, 3, 4]),
        of_codes(&[5]),
        None,
    ]);
    let mut pairs = ListBuilder::new(FixedSizeListBuilder::new(Float32Builder::new(), 2));
    for row in [Some(2), Some(0), None] {
        for pair in 0..row.unwrap_or(0) {
            pairs.values().values().append_slice(&[pair as f32, 0.5]);
            pairs.values().append(true);
        }
        pairs.append(row.is_some());
    }
    let mut names = LargeListBuilder::new(StringBuilder::new());
    names.append_value([Some("a"), Some(" b ")]);
    names.append_value([] as [Option<&str>; 0]);
    names.append_null();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("codes", Arc::new(codes)),
        ("pairs", Arc::new(pairs.finish())),
        ("names", Arc::new(names.finish())),
        ("y", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn lists_of_any_length_are_read() {
    let folder = Folder::new();
    write_parquet(&folder.path(), &lists());
    let source = Parquet::<ListsSample>::new(folder.path());
    let rows = source.read_all().unwrap();
    let codes: Vec<_> = rows.iter().map(|row| row.codes.clone()).collect();
    assert_eq!(codes, [vec![1, 2, 3, 4], vec![5], vec![]]);
    let pairs: Vec<_> = rows.iter().map(|row| row.pairs.clone()).collect();
    assert_eq!(pairs, [Some(vec![[0.0, 0.5], [1.0, 0.5]]), Some(vec![]), None]);
    let names: Vec<_> = rows.iter().map(|row| row.names.join(",")).collect();
    assert_eq!(names, ["a,b", "", ""]);

    let inputs: Vec<ListsInputs> = rows.iter().cloned().map(Into::into).collect();
    let trainer = || Trainer::new(Sgd::new(0.01)).epochs(3).shuffle(Shuffle::Never);
    let (mut own, mut streamed) =
        (Lists::build(&Cpu::default(), Seed(1)), Lists::build(&Cpu::default(), Seed(1)));
    trainer().fit(&mut own, &rows).unwrap();
    trainer().fit_from(&mut streamed, &source).unwrap();
    assert_eq!(own.predict(&inputs).unwrap(), streamed.predict(&inputs).unwrap());
}
