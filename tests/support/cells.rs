//! Which cells which types take: one table, for all sources and all ways of reading them.

use std::fmt::Debug;

use multi_input::{
    data::{chrono::NaiveDateTime, Source},
    prelude::*,
    Result,
};

/// A field of every type.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Row {
    #[input(standardize)]
    number: f32,
    #[input(impute(mean), standardize)]
    filled: f32,
    #[input(standardize, missing = learned)]
    maybe: Option<f32>,
    #[input(standardize, columns("left", "right"))]
    pair: [f32; 2],
    #[input]
    #[branch(Embedding(9, 2))]
    index: u32,
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    name: String,
    #[input(categories(9), missing = learned)]
    #[branch(Embedding(9, 2))]
    nickname: Option<String>,
    #[input(words(vocabulary = 9, length = 2))]
    #[branch(Embedding(9, 2), Flatten)]
    note: String,
    #[input]
    flag: bool,
    #[input(calendar(day, month))]
    day: NaiveDate,
    #[input(calendar(day, hour, minute))]
    time: NaiveDateTime,
    #[input(calendar(day, hour, minute))]
    instant: DateTime<Utc>,
    #[merge(concat(
        number, filled, maybe, pair, index, name, nickname, note, flag, day, time, instant
    ))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

/// What a source may hold in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    Null,
    Bool(bool),
    Whole(i64),
    Real(f64),
    Text(&'static str),
    /// In a type of its own where the source has one, and else as it writes dates.
    Date(&'static str),
    /// The same of a time without a zone.
    Time(&'static str),
    /// The same of a time in UTC.
    Instant(&'static str),
}

use Held::*;
use Needs::*;

/// What cells must have for a line of the table to tell anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needs {
    Nothing,
    /// Types, so that 2138.0 is no text.
    Types,
    /// A type for flags, so that true is no text.
    Flags,
}

pub type Cells = Vec<(&'static str, Held)>;

/// A kind of source.
pub trait Store {
    type Of<R: serde::de::DeserializeOwned>: Source<Row = R>;

    /// What its cells have.
    const HAS: &'static [Needs];

    /// What its messages begin with.
    const NAME: &'static str;

    /// A source of one row with these cells, and with some that no field asks for, of whatever kinds it
    /// has.
    fn source<R: serde::de::DeserializeOwned>(&self, cells: &Cells) -> Self::Of<R>;
}

fn time(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

/// A row with something in every field.
fn row() -> RowSample {
    RowSample {
        number: 1.0,
        filled: 2.0,
        maybe: Some(3.0),
        pair: [4.0, 5.0],
        index: 6,
        name: "Bern".to_owned(),
        nickname: Some("Mutz".to_owned()),
        note: "good film".to_owned(),
        flag: true,
        day: time("2019-11-01T00:00:00").date(),
        time: time("2019-11-01T13:05:09"),
        instant: time("2019-11-01T13:05:09").and_utc(),
        price: 7.0,
    }
}

fn cells() -> Cells {
    vec![
        ("number", Real(1.0)),
        ("filled", Real(2.0)),
        ("maybe", Real(3.0)),
        ("left", Real(4.0)),
        ("right", Real(5.0)),
        ("index", Whole(6)),
        ("name", Text("Bern")),
        ("nickname", Text("Mutz")),
        ("note", Text("good film")),
        ("flag", Bool(true)),
        ("day", Date("2019-11-01")),
        ("time", Time("2019-11-01T13:05:09")),
        ("instant", Instant("2019-11-01T13:05:09Z")),
        ("price", Real(7.0)),
    ]
}

/// What becomes of a cell: a change of the row, or what the message says.
type Becomes = std::result::Result<fn(&mut RowSample), &'static str>;

const BLANK_NUMBER: &str =
    "expected a number, found nothing; write `Option<f32>` where cells may be blank";
const BLANK_NAME: &str =
    "expected a text, found nothing; write `Option<String>` where cells may be blank";
const NO_NAME: &str = "expected a text or a whole number, found";
const NO_INDEX: &str = "expected a whole number";

/// A cell of a column, what it needs to tell anything, and what becomes of it.
#[rustfmt::skip] // A table.
const TABLE: &[(&str, Held, Needs, Becomes)] = &[
    ("number", Whole(4), Nothing, Ok(|row| row.number = 4.0)),
    ("number", Real(4.5), Nothing, Ok(|row| row.number = 4.5)),
    ("number", Text("4"), Nothing, Ok(|row| row.number = 4.0)),
    ("number", Text(" -4.5e1 "), Nothing, Ok(|row| row.number = -45.0)),
    ("number", Text("four"), Nothing, Err("expected a number, found `four`")),
    ("number", Bool(true), Nothing, Err("expected a number, found `true`")),
    ("number", Null, Nothing, Err(BLANK_NUMBER)),
    ("number", Text(" "), Nothing, Err(BLANK_NUMBER)),
    ("number", Text("NaN"), Nothing, Err("expected a number, found")),
    ("price", Text("300"), Nothing, Ok(|row| row.price = 300.0)),
    ("filled", Text("7"), Nothing, Ok(|row| row.filled = 7.0)),
    ("filled", Null, Nothing, Ok(|row| row.filled = f32::NAN)),
    ("filled", Text(""), Nothing, Ok(|row| row.filled = f32::NAN)),
    ("filled", Text("NaN"), Nothing, Ok(|row| row.filled = f32::NAN)),
    ("maybe", Whole(7), Nothing, Ok(|row| row.maybe = Some(7.0))),
    ("maybe", Text("7"), Nothing, Ok(|row| row.maybe = Some(7.0))),
    ("maybe", Null, Nothing, Ok(|row| row.maybe = None)),
    ("maybe", Text(""), Nothing, Ok(|row| row.maybe = None)),
    ("maybe", Real(f64::NAN), Nothing, Ok(|row| row.maybe = None)),
    ("maybe", Text("seven"), Nothing, Err("expected a number, found `seven`")),
    ("left", Text("9"), Nothing, Ok(|row| row.pair[0] = 9.0)),
    ("right", Whole(9), Nothing, Ok(|row| row.pair[1] = 9.0)),
    ("right", Null, Nothing, Err("expected a number, found nothing; `impute` fills blank cells")),
    ("index", Real(3.0), Nothing, Ok(|row| row.index = 3)),
    ("index", Text("3"), Nothing, Ok(|row| row.index = 3)),
    ("index", Text("3.0"), Nothing, Ok(|row| row.index = 3)),
    ("index", Real(3.5), Nothing, Err(NO_INDEX)),
    ("index", Whole(-1), Nothing, Err(NO_INDEX)),
    ("index", Whole(1 << 40), Nothing, Err(NO_INDEX)),
    ("index", Bool(true), Nothing, Err(NO_INDEX)),
    ("index", Text("b"), Nothing, Err(NO_INDEX)),
    ("name", Text(" Bern "), Nothing, Ok(|_| ())),
    ("name", Text("007"), Nothing, Ok(|row| row.name = "007".to_owned())),
    ("name", Text("true"), Nothing, Ok(|row| row.name = "true".to_owned())),
    ("name", Text("2138.0"), Nothing, Ok(|row| row.name = "2138.0".to_owned())),
    ("name", Whole(2138), Nothing, Ok(|row| row.name = "2138".to_owned())),
    ("name", Whole(i64::MAX), Nothing, Ok(|row| row.name = "9223372036854775807".to_owned())),
    ("name", Real(2138.0), Types, Ok(|row| row.name = "2138".to_owned())),
    ("name", Real(0.5), Types, Err(NO_NAME)),
    ("name", Bool(true), Flags, Err(NO_NAME)),
    ("name", Null, Nothing, Err(BLANK_NAME)),
    ("name", Text("  "), Nothing, Err(BLANK_NAME)),
    ("nickname", Whole(7), Nothing, Ok(|row| row.nickname = Some("7".to_owned()))),
    ("nickname", Text(" Mutz"), Nothing, Ok(|_| ())),
    ("nickname", Null, Nothing, Ok(|row| row.nickname = None)),
    ("nickname", Text(" "), Nothing, Ok(|row| row.nickname = None)),
    ("note", Text("good"), Nothing, Ok(|row| row.note = "good".to_owned())),
    ("note", Whole(7), Nothing, Ok(|row| row.note = "7".to_owned())),
    ("note", Null, Nothing, Ok(|row| row.note = String::new())),
    ("note", Text(""), Nothing, Ok(|row| row.note = String::new())),
    ("note", Text("  "), Nothing, Ok(|row| row.note = String::new())),
    ("flag", Bool(false), Nothing, Ok(|row| row.flag = false)),
    ("flag", Whole(0), Nothing, Ok(|row| row.flag = false)),
    ("flag", Real(0.0), Nothing, Ok(|row| row.flag = false)),
    ("flag", Text("0"), Nothing, Ok(|row| row.flag = false)),
    ("flag", Text("False"), Nothing, Ok(|row| row.flag = false)),
    ("flag", Text("no"), Nothing, Ok(|row| row.flag = false)),
    ("flag", Text("f"), Nothing, Ok(|row| row.flag = false)),
    ("flag", Whole(2), Nothing, Err("expected true, false, yes, no, 1 or 0, found `2`")),
    ("flag", Text("maybe"), Nothing, Err("expected true, false, yes, no, 1 or 0, found `maybe`")),
    ("day", Text("2019-11-02"), Nothing, Ok(|row| row.day = time("2019-11-02T00:00:00").date())),
    ("day", Text("2019-11-01 00:00:00"), Nothing, Ok(|_| ())),
    ("day", Time("2019-11-01T00:00:00"), Nothing, Ok(|_| ())),
    ("day", Time("2019-11-01T13:05:09"), Nothing, Err("a time of day goes into")),
    ("day", Whole(20_191_101), Nothing, Err("expected a date such as 2024-12-31")),
    ("day", Null, Nothing, Err("found nothing; write `Option<NaiveDate>`")),
    ("time", Text("2019-11-01 13:05:09"), Nothing, Ok(|_| ())),
    ("time", Text("2019-11-01 13:05"), Nothing, Ok(|row| row.time = time("2019-11-01T13:05:00"))),
    ("time", Text("2019-11-01 13:05:09.25"), Nothing, Ok(|row| row.time = time("2019-11-01T13:05:09.25"))),
    ("time", Time("2019-11-01T13:05:09.25"), Nothing, Ok(|row| row.time = time("2019-11-01T13:05:09.25"))),
    ("time", Date("2019-11-01"), Nothing, Ok(|row| row.time = time("2019-11-01T00:00:00"))),
    ("time", Instant("2019-11-01T13:05:09Z"), Nothing, Err("a time with a zone goes into `DateTime<Utc>`")),
    ("instant", Text("2019-11-01 13:05:09+00"), Nothing, Ok(|_| ())),
    ("instant", Text("2019-11-01 13:05:09Z"), Nothing, Ok(|_| ())),
    ("instant", Text("2019-11-01T15:05:09.000+02:00"), Nothing, Ok(|_| ())),
    ("instant", Time("2019-11-01T13:05:09"), Nothing, Err("without a zone goes into `NaiveDateTime`")),
];

/// Checks that a source takes every cell of the table as it says, by rows and by columns, in every way
/// in which rows are read.
pub fn check<S: Store>(store: &S) {
    let mut model = Row::build(&Cpu::default(), Seed(1));
    trainer().fit(&mut model, &[row(), row()]).unwrap();
    for (column, held, needs, becomes) in TABLE {
        if *needs != Nothing && !S::HAS.contains(needs) {
            continue;
        }
        let mut cells = cells();
        cells.iter_mut().filter(|(name, _)| name == column).for_each(|cell| cell.1 = held.clone());
        let case = format!("{column}: {held:?}");
        match becomes {
            Ok(change) => takes(store, &model, &cells, *change, &case),
            Err(message) => refuses(store, &model, &cells, (column, message), &case),
        }
    }
}

fn trainer() -> Trainer<Row, Adam> {
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent())
}

fn takes<S: Store>(
    store: &S,
    model: &Model<Row>,
    cells: &Cells,
    change: fn(&mut RowSample),
    case: &str,
) {
    let (samples, inputs) = (store.source::<RowSample>(cells), store.source::<RowInputs>(cells));
    let mut row = row();
    change(&mut row);
    let in_words = |row: &dyn Debug| format!("{row:?}");
    let read = samples.read_all().unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(
        read.iter().map(|row| in_words(row)).collect::<Vec<_>>(),
        [in_words(&row)],
        "{case}"
    );
    let evaluated = model.evaluate_from(&samples).unwrap();
    assert_eq!(evaluated, model.evaluate(std::slice::from_ref(&row)).unwrap(), "{case}");
    let predicted: Result<Vec<_>> = model.predict_from(&inputs).unwrap().collect();
    let known = model.predict(&[row.clone().into()]).unwrap();
    assert_eq!(predicted.unwrap()[0].price.to_bits(), known[0].price.to_bits(), "{case}");
    let [mut streamed, mut held] = [(); 2].map(|()| Row::build(&Cpu::default(), Seed(1)));
    trainer().fit_from(&mut streamed, &samples).unwrap();
    trainer().fit_from(&mut held, &vec![row]).unwrap();
    assert_eq!(streamed.preprocessing(), held.preprocessing(), "{case}");
}

fn refuses<S: Store>(
    store: &S,
    model: &Model<Row>,
    cells: &Cells,
    (column, message): (&str, &str),
    case: &str,
) {
    let (samples, inputs) = (store.source::<RowSample>(cells), store.source::<RowInputs>(cells));
    let field = if ["left", "right"].contains(&column) { "pair" } else { column };
    let place = format!("field `{field}`, column `{column}`");
    let says = |error: String| {
        assert!(error.contains(S::NAME), "{case}: {error}");
        assert!(error.contains(&place) && error.contains(message), "{case}: {error}");
    };
    says(samples.read_all().unwrap_err().to_string());
    says(model.evaluate_from(&samples).unwrap_err().to_string());
    let predicted: Result<Vec<_>> = model.predict_from(&inputs).unwrap().collect();
    says(predicted.unwrap_err().to_string());
    let mut model = Row::build(&Cpu::default(), Seed(1));
    says(trainer().fit_from(&mut model, &samples).unwrap_err().to_string());
}
