//! All shards of a source together are the source: rows, their numbers, and messages.

use std::{ops::Range, path::PathBuf};

use multi_input_base::{Error, Result, Seed};
use multi_input_cells::{CellFormat, ColumnNames, FieldNames};
use proptest::prelude::*;
use serde::Deserialize;
use tempfile::TempDir;

use super::{
    from_fn, samples, BadRow, Block, BlockRequest, Csv, JsonLines, RowFilter, Shard, ShardRows,
    Source,
};
use crate::{
    columns::{append, FieldSpec, FromCells, Reads, RowSpec},
    schema::{Input, RowTypes, Schema},
    Content, RowReader, RowWriter, Table, Values,
};

/// The number of shards that are compared with the whole.
const COUNTS: [usize; 5] = [1, 2, 3, 7, 100];

#[derive(Clone, Debug, Deserialize)]
struct Person {
    age: f32,
    name: String,
}

static ROW: RowSpec = RowSpec {
    row: "Person",
    others: &[],
    fields: &[
        FieldSpec {
            names: FieldNames { name: "age", aliases: &[], columns: ColumnNames::Own },
            elements: <f32 as FromCells>::ELEMENTS,
            ty: "f32",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<f32>,
        },
        FieldSpec {
            names: FieldNames { name: "name", aliases: &[], columns: ColumnNames::Own },
            elements: <String as FromCells>::ELEMENTS,
            ty: "String",
            reads: Reads::Text,
            format: CellFormat::DEFAULT,
            append: append::<String>,
        },
    ],
};

const fn input(name: &'static str, kind: Content, shape: &'static [usize]) -> Input {
    let (doc, unit, missing, encoded_in_onnx) = ("", None, None, false);
    Input { name, doc, unit, kind, shape, missing, steps: &[], encoded_in_onnx }
}

impl RowTypes for Person {
    type Inputs = Person;
    type Sample = Person;
    type Outputs = ();

    const SCHEMA: Schema = Schema {
        name: "Person",
        inputs: &[
            input("age", Content::Numbers { blanks: false }, &[1]),
            input("name", Content::Texts, &[]),
        ],
        derived: &[],
        targets: &[],
    };
    const SAMPLE_ROW: Option<&'static RowSpec> = Some(&ROW);

    fn write_inputs(person: &Person, row: &mut RowWriter<'_>) {
        row.put(&person.age);
        row.put(&person.name);
    }

    fn write_sample(person: &Person, row: &mut RowWriter<'_>) {
        Person::write_inputs(person, row);
    }

    fn read_outputs(_: &mut RowReader<'_>) {}
}

/// A row, or the message of its error.
type Item = std::result::Result<(u32, String), String>;

fn of_table(table: &Table) -> Vec<(u32, String)> {
    match (&*table.columns[0].values, &*table.columns[1].values) {
        (Values::Numbers(ages), Values::Texts(names)) => {
            ages.iter().zip(names).map(|(age, name)| (age.to_bits(), name.to_string())).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn items<S: Source<Row = Person>>(source: &S, request: &BlockRequest) -> Result<Vec<Item>> {
    let blocks = source.blocks(request)?.flat_map(|block| -> Vec<Item> {
        match block {
            Block::Table(table) => of_table(&table).into_iter().map(Ok).collect(),
            Block::Rows(rows) => rows
                .into_iter()
                .map(|row| match row {
                    Ok(person) => Ok((person.age.to_bits(), person.name)),
                    Err(error) => Err(error.to_string()),
                })
                .collect(),
        }
    });
    Ok(blocks.collect())
}

/// The rows as training reads them, with their numbers, and the first error.
fn numbered<S: Source<Row = Person>>(
    source: &S,
    request: &BlockRequest,
) -> (Vec<(usize, u32, String)>, Option<String>) {
    let filter = RowFilter::of(source, |_| Ok(()));
    let positive = |table: &Table| match &*table.columns[0].values {
        Values::Numbers(ages) => match ages.iter().position(|age| *age < 0.0) {
            Some(row) => {
                let [field, expected, found] = ["age", "no debts", "some"].map(str::to_owned);
                Err(Error::Value { row, field, expected, found })
            }
            None => Ok(()),
        },
        other => panic!("{other:?}"),
    };
    let (mut rows, mut failed) = (Vec::new(), None);
    for table in samples::<Person, S>(source, request, &[], filter, positive).unwrap() {
        match table {
            Ok(table) => {
                let of_table = of_table(&table.table).into_iter().zip(&table.row_numbers);
                rows.extend(of_table.map(|((age, name), number)| (*number, age, name)));
            }
            Err(error) => failed = Some(error.to_string()),
        }
    }
    (rows, failed)
}

/// The rows of all shards of a source, as if each were read by a process of its own.
fn all_shards(
    source: &impl Source<Row = Person>,
    request: &BlockRequest,
    count: usize,
) -> Result<Vec<BlockRequest>> {
    let rows = ShardRows::of(source, request, Shard::each(count), |counts| Ok(counts.to_vec()))?;
    Ok(rows.into_iter().map(|rows| request.clone().with_shard(rows)).collect())
}

fn assert_shards_are_the_whole(source: &impl Source<Row = Person>) {
    assert_parts_are_the_whole(source, &COUNTS);
}

fn assert_parts_are_the_whole(source: &impl Source<Row = Person>, counts: &[usize]) {
    for as_rows in [false, true] {
        let request = BlockRequest::samples::<Person>(4, as_rows);
        let whole = match items(source, &request) {
            Ok(whole) => whole,
            Err(error) => {
                let found = all_shards(source, &request, 3).unwrap_err();
                assert_eq!(found.to_string(), error.to_string());
                continue;
            }
        };
        let known = numbered(source, &request);
        for &count in counts {
            let shards = all_shards(source, &request, count).unwrap();
            let (mut found, mut rows, mut failed) = (Vec::new(), Vec::new(), None);
            for shard in &shards {
                let first = found.len();
                found.extend(items(source, shard).unwrap());
                let range = shard.rows_at(source.levels() - 1).unwrap();
                assert_eq!(range, first..found.len(), "{count} {shard:?}");
                if failed.is_none() {
                    let numbered = numbered(source, shard);
                    rows.extend(numbered.0);
                    failed = numbered.1;
                }
            }
            assert_eq!(found, whole, "{count} {as_rows}");
            // The rows before an error in its block are left out.
            let common = failed.as_ref().map_or(usize::MAX, |_| rows.len().min(known.0.len()));
            rows.truncate(common);
            assert_eq!(rows, known.0[..common.min(known.0.len())], "{count} {as_rows}");
            assert_eq!(failed, known.1, "{count} {as_rows}");
        }
    }
}

/// Checks a source, and the wrappers around it.
fn check<S: Source<Row = Person> + Clone>(source: S) {
    assert_shards_are_the_whole(&source);
    // Opening a source many times takes long.
    let few = &COUNTS[1..4];
    assert_parts_are_the_whole(&&source, few);
    let half = || source.clone().into_part(0.2..0.7, Seed(5));
    assert_parts_are_the_whole(&half(), few);
    assert_parts_are_the_whole(&half().into_part(0.0..0.5, Seed(6)), few);
    assert_parts_are_the_whole(&half().images_within("nowhere"), few);
    assert_parts_are_the_whole(&half().on_bad_row(BadRow::Fail), few);
    let skipping = || source.clone().on_bad_row(BadRow::Skip);
    assert_parts_are_the_whole(&skipping(), few);
    assert_parts_are_the_whole(&skipping().into_part(0.0..0.5, Seed(7)), few);
    assert_parts_are_the_whole(
        &skipping().into_part(0.1..0.8, Seed(7)).on_bad_row(BadRow::Skip),
        few,
    );
    assert_shards_are_the_whole(&half().on_bad_row(BadRow::Skip));
}

/// The lengths of the shards of a source.
fn lengths(source: &impl Source<Row = Person>, count: usize) -> Vec<usize> {
    let request = BlockRequest::samples::<Person>(4, false);
    let shards = all_shards(source, &request, count).unwrap();
    shards.iter().map(|shard| shard.rows_at(0).map_or(0, |rows| rows.len())).collect()
}

fn people(range: Range<usize>) -> Vec<Person> {
    range.map(|i| Person { age: i as f32, name: format!("n{i}") }).collect()
}

/// Files in a folder, which has to live as long as they do.
fn files<T: AsRef<[u8]>>(texts: &[T]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = texts.iter().enumerate().map(|(index, text)| {
        let path = folder.path().join(format!("people{index}.txt"));
        std::fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

/// Checks a file as a source with the options of `of`.
fn check_csv(text: impl AsRef<[u8]>, of: impl Fn(Csv<Person>) -> Csv<Person>) {
    let (_folder, paths) = files(&[text]);
    let source = of(Csv::new(&paths[0]));
    assert_shards_are_the_whole(&source);
    assert_shards_are_the_whole(&source.on_bad_row(BadRow::Skip).into_part(0.0..0.5, Seed(7)));
}

#[test]
fn rows_in_memory() {
    for length in [0, 1, 2, 20, 250] {
        check(people(0..length));
        check(from_fn(move || people(0..length)));
    }
    let mut refused = people(0..20);
    refused[11].age = f32::NAN;
    refused[15].age = -1.0;
    check(refused);
    assert_eq!(lengths(&people(0..10), 3), [3, 3, 4]);
    assert_eq!(lengths(&from_fn(|| people(0..10)), 4), [2, 3, 2, 3]);
}

/// A source of a user's own, whose third row cannot be read.
#[derive(Clone, Debug)]
struct Own;

impl Source for Own {
    type Row = Person;

    fn rows(&self) -> Result<impl Iterator<Item = Result<Person>>> {
        Ok(people(0..30).into_iter().map(|person| match person.name.as_str() {
            "n2" | "n17" => Err(Error::Line {
                path: "own".into(),
                line: person.age as u64,
                message: "no person".to_owned(),
            }),
            _ => Ok(person),
        }))
    }
}

#[test]
fn sources_of_users() {
    check(Own);
}

/// Lines with quotes, which hold line ends, and bad cells.
fn lines() -> Vec<&'static str> {
    vec![
        "1,Ann",
        "2,\"Bo\nB\"",
        "",
        "3,\"C \"\"c\"\"\n\n\"",
        "4,a\"b",
        "# \"remark",
        "old,Di",
        "",
        "5,\"\"",
        "-6,E",
        "6,\"F,\n4,5\"",
        "\"7\",G",
        "8,H,9",
        "\"\"\"9\nx\",K",
        "#",
        "10,L \" \"",
        "\"11\",\"M\"x",
        "12,N",
    ]
}

#[test]
fn csv_files() {
    let text = ["age,name"].into_iter().chain(lines()).collect::<Vec<_>>().join("\n");
    let (_folder, paths) = files(&[text]);
    check(Csv::<Person>::new(&paths[0]).comment(b'#'));
    for end in ["\n", "\r\n", "\r"] {
        let text = ["age,name"].into_iter().chain(lines()).collect::<Vec<_>>().join(end);
        for end in ["", "\n\n\r\n"] {
            let text = format!("{text}{end}");
            check_csv(&text, |csv| csv);
            check_csv(format!("\u{feff}{text}"), |csv| csv.delimiter(b','));
            check_csv(&text, |csv| csv.comment(b'#'));
            check_csv(text.replace(',', ";"), |csv| csv.delimiter(b';').comment(b'#'));
            check_csv(format!("Of 2024\r\n\"\n\r{text}"), |csv| csv.skip_lines(3).comment(b'#'));
            check_csv(format!("# 1\n#\"\n{text}"), |csv| csv.comment(b'#'));
            check_csv(format!("sep=,\r\n{text}"), |csv| csv);
            let above = format!("title\n\nsep=;\r\n\r\n{}", text.replace(',', ";"));
            check_csv(above, |csv| csv.skip_lines(1).comment(b'#'));
            let rows = text.strip_prefix("age,name").unwrap();
            check_csv(rows, |csv| csv.names(["age", "name"]));
            check_csv(rows, |csv| csv.names(["age", "name"]).comment(b'#'));
        }
        // The quote of the second row is never closed.
        check_csv(["age,name", "1,a", "2,\"b", "3,c", "4,d"].join(end), |csv| csv);
    }
    for text in
        ["age,name", "age,name\n", "age,name\n\n", "age,name\n1,a", "x,y\n1,2\n3,4", "", "\n"]
    {
        check_csv(text, |csv| csv);
    }
}

/// The skipped rows of all shards are those of the source.
#[test]
fn skipped_rows_are_counted_in_their_shard() {
    let text = ["age,name"].into_iter().chain(lines()).collect::<Vec<_>>().join("\n");
    let (_folder, paths) = files(&[text]);
    let source = Csv::<Person>::new(&paths[0]).on_bad_row(BadRow::Skip);
    let request = BlockRequest::samples::<Person>(4, false);
    numbered(&source, &request);
    let mut whole = source.skipped().reasons;
    assert_eq!(whole.len(), 6, "{whole:?}");
    let mut reasons = Vec::new();
    for shard in all_shards(&source, &request, 3).unwrap() {
        numbered(&source, &shard);
        reasons.extend(source.skipped().reasons);
    }
    // Rows that the model refuses follow those of their block that cannot be read.
    reasons.sort();
    whole.sort();
    assert_eq!(reasons, whole);
}

#[test]
fn csv_files_that_are_read_from_the_start() {
    let text = ["age,name", "1,Ann", "2,\"B\n\"", "x,C", "", "4,D"].join("\n");
    check_csv(text.replace(',', "  "), Csv::whitespace);
    let latin: Vec<u8> = text.replace("Ann", "Ana\u{ef}s").chars().map(|c| c as u8).collect();
    check_csv(&latin, |csv| csv.encoding("latin1"));
    check_csv(&latin, |csv| csv);
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    check_csv([0xff, 0xfe].into_iter().chain(utf16).collect::<Vec<u8>>(), |csv| csv);
}

#[cfg(feature = "compression")]
#[test]
fn compressed_files() {
    let text: &[u8] = b"\
        \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x15\xcf\xbb\x91\x03\x51\x10\x42\x51\x9f\x58\xda\
        \x18\xe0\x7d\xc3\x91\xa1\x5a\x4b\x9d\xbf\xb9\x4c\x00\xf7\x50\x7c\xfe\xbe\xd5\x9f\xdf\x17\
        \x4f\xf5\x03\x56\x13\xaa\x16\x5c\x6d\x8c\xea\x81\x59\x3d\xb1\xaa\x17\x76\xf5\xc6\xa9\x3e\
        \xb8\xd5\x17\x4c\xc2\x34\x6f\x44\x30\x19\x05\x26\xa4\xc1\xa4\x1c\x60\x62\x4e\x30\x39\x17\
        \x18\x80\x1b\x0c\xc1\x03\x06\xe1\x85\xa2\xe8\x81\xa2\x28\xdb\xef\xb8\xa0\x28\x32\x14\x45\
        \x03\x8a\xa2\x09\x45\xd1\x82\xa2\x68\x43\x51\x74\xa0\x28\xba\x70\x14\x3f\x70\x14\x13\x8e\
        \xe2\x7c\x78\x4f\x18\x8e\xe2\x01\x47\xf1\x84\xa3\x78\xc1\x51\xbc\xe1\x28\x3e\x70\x14\x5f\
        \xfc\x03\xf3\xe8\x29\xcf\x0d\x01\x00\x00\
        ";
    let (_folder, paths) = files(&[text, b"name,age\na,1\nb,old\n"]);
    let source = Csv::<Person>::new(&paths[0]);
    assert_eq!(source.read_all().unwrap().len(), 40);
    assert_eq!(lengths(&source, 3), [13, 13, 14]);
    check(source);
    check(Csv::<Person>::files(&paths));
}

#[test]
fn several_csv_files() {
    let long: String = (0..5000).map(|i| format!("{i},n{i}\r\n")).collect();
    let (folder, paths) = files(&[
        "age,name\n1,a\n\"2\",\"b\n\"".to_owned(),
        String::new(),
        "name;age\n\"x\n;y\";3\nz;old\nw;4".to_owned(),
        "name,age\n".to_owned(),
        format!("age,name\r\n{long}"),
        "age,name\n7,last\n".to_owned(),
    ]);
    check(Csv::<Person>::files(&paths[..4]));
    assert_shards_are_the_whole(&Csv::<Person>::files(&paths).on_bad_row(BadRow::Skip));
    let pattern = Csv::<Person>::pattern(format!("{}/*.txt", folder.path().display()));
    assert_shards_are_the_whole(&pattern);
    let halves = lengths(&pattern, 2);
    assert_eq!(halves.iter().sum::<usize>(), 5006);
    assert!(halves[0].abs_diff(halves[1]) < 200, "{halves:?}");
    let missing = Csv::<Person>::files([&paths[0], &folder.path().join("none")]);
    let request = BlockRequest::samples::<Person>(4, false);
    let message = all_shards(&missing, &request, 2).unwrap_err().to_string();
    assert!(message.contains("none"), "{message}");
}

#[test]
fn a_setting_after_a_pass_counts() {
    let (_folder, paths) = files(&["age,name\n1,a\n#,\n2,b\n"]);
    let csv = Csv::<Person>::new(&paths[0]);
    assert_eq!(lengths(&csv, 2), [1, 2]);
    assert_eq!(lengths(&csv.comment(b'#'), 2), [1, 1]);
}

#[test]
fn json_lines() {
    let line = |i: usize| format!("{{\"age\": {i}, \"name\": \"n{i}\"}}");
    for end in ["\n", "\r\n"] {
        let mut lines: Vec<String> = (0..20).map(line).collect();
        lines[4] = "  ".to_owned();
        lines[9] = "{\"age\": }".to_owned();
        lines[12] = line(12).replace("12,", "\"old\",");
        let text = lines.join(end);
        for text in [text.clone(), format!("\u{feff}{text}{end}"), format!("{end}{text}{end}{end}")]
        {
            let (_folder, paths) = files(&[text.as_str(), "", &line(20), &text]);
            check(JsonLines::<Person>::new(&paths[0]));
            check(JsonLines::<Person>::files(&paths));
        }
        let (_folder, paths) =
            files(&[text.replace("n1", "\u{e9}").chars().map(|c| c as u8).collect::<Vec<u8>>()]);
        check(JsonLines::<Person>::new(&paths[0]));
        check(JsonLines::<Person>::new(&paths[0]).encoding("latin1"));
    }
    let (_folder, paths) = files(&["", "PAR1\x15\x04"]);
    check(JsonLines::<Person>::new(&paths[0]));
    check(JsonLines::<Person>::new(&paths[1]));
}

#[cfg(any(feature = "parquet", feature = "arrow"))]
fn batch(range: Range<usize>) -> arrow_array::RecordBatch {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};
    // The rows with a text that is no number are bad.
    let ages = range.clone().map(|i| if i % 50 == 31 { "old".to_owned() } else { i.to_string() });
    let ages: ArrayRef = Arc::new(StringArray::from_iter_values(ages));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(range.map(|i| format!("n{i}"))));
    arrow_array::RecordBatch::try_from_iter([("age", ages), ("name", names)]).unwrap()
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files() {
    use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};

    use super::Parquet;

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, range: Range<usize>, group: usize| {
        let path = folder.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        let settings = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
        let batch = batch(range);
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(settings)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    };
    check(Parquet::<Person>::new(write("a.parquet", 0..40, 100)));
    let groups = Parquet::<Person>::new(write("b.parquet", 40..160, 25));
    assert_eq!(lengths(&groups, 5), [25, 25, 25, 25, 20]);
    assert_eq!(lengths(&groups, 2), [50, 70]);
    check(groups);
    write("c.parquet", 160..160, 10);
    write("d.parquet", 160..161, 10);
    check(Parquet::<Person>::new(folder.path()));
}

#[cfg(feature = "arrow")]
#[test]
fn arrow_files() {
    use arrow_ipc::writer::FileWriter;

    use super::Arrow;

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, ranges: &[Range<usize>]| {
        let path = folder.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = FileWriter::try_new(file, &batch(0..1).schema()).unwrap();
        ranges.iter().for_each(|range| writer.write(&batch(range.clone())).unwrap());
        writer.finish().unwrap();
        path
    };
    let batches = write("a.arrow", &[0..30, 30..30, 30..50, 50..90]);
    let one = write("b.arrow", &[90..130, 130..130]);
    let none = write("c.arrow", &[]);
    check(Arrow::<Person>::new(&batches));
    check(Arrow::<Person>::new(&one));
    check(Arrow::<Person>::new(&none));
    check(Arrow::<Person>::files([batches, none, one]));
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_tables() {
    use super::Sqlite;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    let create = "CREATE TABLE people (id INTEGER PRIMARY KEY, \"other id\", age, name TEXT);";
    connection.execute_batch(create).unwrap();
    let insert = "INSERT INTO people VALUES (?1, ?2, ?3, ?4)";
    for i in 0..60_i64 {
        let age = if i % 25 == 20 { "old".to_owned() } else { i.to_string() };
        // Half of the keys are near the greatest one.
        let id = if i < 30 { i - 7 } else { 1000 + i };
        connection.execute(insert, (id, -id, age, format!("n{i}"))).unwrap();
    }
    check(Sqlite::<Person>::new(&path, "SELECT * FROM people ORDER BY id"));
    let keyed = Sqlite::<Person>::new(&path, "SELECT * FROM people -- all").key("id");
    assert_eq!(lengths(&keyed, 2), [30, 30]);
    assert_eq!(lengths(&keyed, 3), [30, 0, 30]);
    check(keyed);
    check(Sqlite::<Person>::new(&path, "SELECT * FROM people;\n").key("other id"));
    check(Sqlite::<Person>::new(&path, "SELECT * FROM people WHERE id > 2000").key("id"));
    let refused = |query: &str, key: &str| {
        let source = Sqlite::<Person>::new(&path, query).key(key);
        let request = BlockRequest::samples::<Person>(4, false);
        all_shards(&source, &request, 2).unwrap_err().to_string()
    };
    let message = refused("SELECT * FROM people", "name");
    assert!(
        message.ends_with(
            "expected an integer in the key `name` of every row, found 60 rows with text"
        ),
        "{message}"
    );
    let message = refused("SELECT *, nullif(id, 1040) AS key FROM people", "key");
    assert!(message.ends_with("key `key` of every row, found 1 row with null"), "{message}");
    let message = refused("SELECT * FROM people", "none");
    assert!(message.contains("no such column: source_rows.none"), "{message}");
}

/// Texts of cells, delimiters, quotes, line ends and comments.
fn texts() -> impl Strategy<Value = String> {
    let pieces =
        ["1", "2", ",", ",", "a", "\"", "\"", "\n", "\n", "\r", "#", "1,a\n", "2,\"b\n\"\n"];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn any_csv_file(text in texts(), comment in any::<bool>(), named in any::<bool>(), above in 0_usize..3) {
        let header = if named { "" } else { "age,name\n" };
        let (_folder, paths) = files(&[format!("{header}{text}")]);
        let mut source = Csv::<Person>::new(&paths[0]).delimiter(b',');
        if comment {
            source = source.comment(b'#');
        }
        if named {
            source = source.names(["age", "name"]).skip_lines(above);
        }
        assert_shards_are_the_whole(&source);
        assert_shards_are_the_whole(&source.on_bad_row(BadRow::Skip).into_part(0.0..0.5, Seed(1)));
    }
}
