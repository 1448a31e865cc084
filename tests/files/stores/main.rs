//! Rows from Parquet, Arrow, SQLite and PostgreSQL, which features bring:
//! `cargo test -p multi-input-tests --features stores --test stores`.

mod cells;
mod images;
mod labels;
#[path = "../../support/mutate.rs"]
mod mutate;
mod parts;
mod postgresql;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use multi_input::{
    data::{chrono::NaiveDateTime, Arrow, BadRow, Parquet, Source, Sqlite},
    history::Evaluation,
    prelude::*,
    Result,
};
use mutate::{Random, LONG, SHORT};
use parquet::{
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row},
};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(impute(mean), standardize)]
    distance: f32,

    #[input]
    #[branch(Embedding(4, 2))]
    stops: u32,

    #[input(calendar(hour_cycle, weekday))]
    start: NaiveDateTime,

    #[input(categories(5))]
    #[branch(Embedding(5, 2))]
    city: String,

    #[input(standardize)]
    legs: [f32; 2],

    #[input]
    late: bool,

    #[merge(concat(distance, stops, start, city, legs, late))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The rows in words; NaN is equal to itself then.
fn in_words(rows: &[TripSample]) -> Vec<String> {
    rows.iter().map(|row| format!("{row:?}")).collect()
}

/// What `fixtures/tables.py` wrote.
fn expected() -> Vec<TripSample> {
    let start: NaiveDateTime = "2024-01-01T06:30:00".parse().unwrap();
    let row = |i: usize| TripSample {
        distance: if i.is_multiple_of(11) { f32::NAN } else { (i * 7 % 50) as f32 },
        stops: i as u32 % 4,
        start: start + Duration::from_secs(7 * 3600 * i as u64),
        city: ["Bern", "Basel", "007"][i % 3].to_owned(),
        legs: [(i % 3) as f32, i as f32 / 8.0],
        late: i.is_multiple_of(5),
        price: (20 + i * 7 % 50 + 5 * (i % 4)) as f32,
    };
    (0..200).map(row).collect()
}

const QUERY: &str =
    "SELECT distance, stops, start, city, late, price, leg1, leg2 FROM trips ORDER BY id";

/// The legs in two columns.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Flat {
    #[input(impute(mean))]
    distance: f32,
    #[input(columns("leg1", "leg2"))]
    legs: [f32; 2],
    #[input(categories(5))]
    #[branch(Embedding(5, 2))]
    city: String,
    #[input(calendar(hour))]
    start: NaiveDateTime,
    #[input]
    late: bool,
    #[merge(concat(distance, legs, city, start, late))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn parquet_and_arrow_hold_the_same_rows_and_train_the_same_model() {
    let (parquet, arrow) =
        (Parquet::new(fixture("trips.parquet")), Arrow::new(fixture("trips.arrow")));
    let rows = expected();
    assert_eq!(in_words(&parquet.read_all().unwrap()), in_words(&rows));
    assert_eq!(in_words(&arrow.read_all().unwrap()), in_words(&rows));
    type Fit<'a> = &'a dyn Fn(Trainer<Trip, Adam>, &mut Model<Trip>);
    let train = |source: Fit<'_>| {
        let mut model = Trip::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).shuffle_window(30);
        source(trainer, &mut model);
        let inputs: Vec<TripInputs> = rows.iter().cloned().map(TripInputs::from).collect();
        let bits = model.predict(&inputs).unwrap();
        bits.iter().map(|outputs| outputs.price.to_bits()).collect::<Vec<_>>()
    };
    let expected = train(&|trainer, model| drop(trainer.fit_from(model, &rows).unwrap()));
    assert_eq!(train(&|trainer, model| drop(trainer.fit_from(model, &parquet).unwrap())), expected);
    assert_eq!(train(&|trainer, model| drop(trainer.fit_from(model, &arrow).unwrap())), expected);
}

#[test]
fn a_query_of_sqlite_gives_the_same_rows() {
    let rows = Sqlite::<FlatSample>::new(fixture("trips.db"), QUERY).read_all().unwrap();
    check_flat(&rows);
    let bad = Sqlite::<FlatSample>::new(fixture("trips.db"), QUERY.replace("leg2", "'x' AS leg2"));
    let error = bad.read_all().unwrap_err().to_string();
    assert!(
        error.contains("trips.db, row 0: field `legs`, column `leg2`: expected a number"),
        "{error}"
    );
    let skipping = bad.on_bad_row(BadRow::Skip);
    assert_eq!((skipping.read_all().unwrap().len(), skipping.skipped().rows), (0, 200));
    let wrong = Sqlite::<FlatSample>::new(fixture("trips.db"), "SELECT x FROM trips");
    assert!(wrong.read_all().unwrap_err().to_string().contains("no such column"));
    // A source that is dropped early is not read to its end.
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
    let endless = Sqlite::<FlatSample>::new(fixture("trips.db"), endless);
    assert_eq!(endless.rows().unwrap().take(3).count(), 3);
}

fn check_flat(rows: &[FlatSample]) {
    let expected = expected();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row.distance.to_bits(), expected.distance.to_bits());
        assert_eq!(
            (row.legs, &row.city, row.start),
            (expected.legs, &expected.city, expected.start)
        );
        assert_eq!((row.late, row.price), (expected.late, expected.price));
    }
}

/// What is read of a damaged Parquet file is what another reader, by rows instead of by columns,
/// makes of it.
fn mutated_parquet(mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trips.parquet");
    let whole = fs::read(fixture("trips.parquet")).unwrap();
    let mut random = Random(6);
    let (mut read, mut refused) = (0, 0);
    let model = trained(&expected());
    for case in 0..mutations {
        let bytes = random.mutate(&whole, &[b"\0", b"\xff\xff\xff\xff", b"PAR1"]);
        fs::write(&path, bytes).unwrap();
        match Parquet::<TripSample>::new(&path).read_all() {
            Err(error) => {
                assert!(error.to_string().contains("trips.parquet"), "case {case}: {error}");
                refused += 1;
            }
            Ok(rows) => {
                read += 1;
                assert_same_by_tables(&model, &Parquet::new(&path), &rows);
                // What the other one gives up on must be what was there before.
                let Ok(others) = row_by_row(&path) else {
                    assert_eq!(in_words(&rows), in_words(&expected()), "case {case}");
                    continue;
                };
                assert_eq!(rows.len(), others.len(), "case {case}");
                for (row, other) in rows.iter().zip(&others) {
                    let found =
                        [row.distance, row.stops as f32, row.legs[0], row.legs[1], row.price];
                    let found = (found.map(f32::to_bits), &row.city, row.late);
                    assert_eq!(found, (other.0.map(f32::to_bits), &other.1, other.2), "{case}");
                }
            }
        }
    }
    println!("result: parquet read={read} refused={refused}");
    assert!(2 * refused > mutations, "only {refused} of {mutations} were refused");
}

fn trained(rows: &[TripSample]) -> Model<Trip> {
    let mut model = Trip::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, rows).unwrap();
    model
}

/// Evaluation takes a file by tables where it can: they hold the same rows, and what is wrong with one
/// is the same.
fn assert_same_by_tables(
    model: &Model<Trip>,
    source: &impl Source<Row = TripSample>,
    rows: &[TripSample],
) {
    let in_words = |result: Result<Evaluation>| result.map_err(|error| error.to_string());
    assert_eq!(in_words(model.evaluate_from(source)), in_words(model.evaluate(rows)));
}

/// Distance, stops, legs and price; city; late.
type Held = ([f32; 5], String, bool);

/// The rows of a Parquet file by the reader of rows that its crate has beside that of columns.
fn row_by_row(path: &Path) -> std::result::Result<Vec<Held>, ParquetError> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap())?;
    let real = |field: &Field| match field {
        Field::Null => f32::NAN,
        Field::Byte(number) => f32::from(*number),
        Field::Float(number) => *number,
        Field::Double(number) => *number as f32,
        other => panic!("{other}"),
    };
    let held = |row: Row| {
        let column = |name: &str| row.get_column_iter().find(|(key, _)| *key == name).unwrap().1;
        let (Field::ListInternal(legs), Field::Str(city), Field::Bool(late)) =
            (column("legs"), column("city"), column("late"))
        else {
            panic!("{row}")
        };
        let [leg1, leg2] = legs.elements() else { panic!("{row}") };
        let numbers = [column("distance"), column("stops"), leg1, leg2, column("price")];
        (numbers.map(real), city.clone(), *late)
    };
    reader.get_row_iter(None)?.map(|row| row.map(held)).collect()
}

/// SQLite's and Arrow's files have no checksums, and no second reader is at hand.
fn mutated_others(mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trips");
    let mut random = Random(7);
    let model = trained(&expected());
    for name in ["trips.db", "trips.arrow"] {
        let whole = fs::read(fixture(name)).unwrap();
        let mut refused = 0;
        for _ in 0..mutations {
            fs::write(&path, random.mutate(&whole, &[b"\0", b"\xff\xff\xff\xff"])).unwrap();
            let rows = match name {
                "trips.arrow" => {
                    let source = Arrow::new(&path);
                    source.read_all().map(|rows| assert_same_by_tables(&model, &source, &rows))
                }
                _ => Sqlite::<FlatSample>::new(&path, QUERY).read_all().map(drop),
            };
            refused += usize::from(rows.is_err());
        }
        println!("result: {name} refused={refused}");
        assert!(5 * refused > mutations, "only {refused} of {mutations} of {name} were refused");
    }
}

#[test]
fn damaged_files_are_errors_or_the_rows_they_hold() {
    mutated_parquet(SHORT);
    mutated_others(SHORT);
}

#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_damaged_files_are_errors_or_the_rows_they_hold() {
    mutated_parquet(LONG);
    mutated_others(LONG);
}
