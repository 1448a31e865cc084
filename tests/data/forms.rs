//! Values as people write them: markers, decimal commas, dates in other orders, other words for
//! flags, columns by range, by prefix and all others, and functions of the user's own.

use multi_input::{
    data::{
        chrono::{DateTime, NaiveDate},
        read_csv_from, Csv, Source,
    },
    prelude::*,
};
use serde::Deserialize;

fn doubled<'de, D: serde::Deserializer<'de>>(number: D) -> Result<f32, D::Error> {
    Ok(2.0 * f32::deserialize(number)?)
}

fn seven() -> f32 {
    7.0
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Forms {
    #[input(missing("-1", "?"), impute(mean), standardize)]
    rooms: f32,
    #[input(decimal = ",", thousands = ".", currency = "€", standardize)]
    rent: f64,
    #[input(percent, standardize, missing("n/a"), missing = mean)]
    share: Option<f32>,
    #[input(truthy("Y", "on"))]
    garden: bool,
    #[input(truthy("open"), falsy("closed"), missing = zeros)]
    gate: Option<bool>,
    #[input(calendar(month, weekday, format = "%d/%m/%Y"), standardize)]
    listed: NaiveDate,
    #[input(calendar(month, hour, unit = seconds), standardize)]
    seen: NaiveDateTime,
    #[input(calendar(month, hour), standardize)]
    sold: DateTime<Utc>,
    #[input(standardize, columns("p0"..="p2"))]
    profile: [f32; 3],
    #[input(impute(mean, indicator), standardize, columns(prefix = "s"))]
    sensors: [Option<f32>; 2],
    #[serde(deserialize_with = "doubled")]
    #[input(standardize)]
    twice: f32,
    #[serde(default = "seven")]
    #[input(standardize)]
    usual: f32,
    #[input(words(50, 4), columns("title", "body"))]
    #[branch(Embedding(50, 4, mask), GlobalAveragePool1D)]
    text: String,
    #[input(standardize, columns(all_others))]
    rest: [f32; 2],
    #[merge(concat(
        rooms, rent, share, garden, gate, listed, seen, sold, profile, sensors, twice, usual, text,
        rest
    ))]
    #[branch(Dense(1))]
    #[output(loss = mse, columns("Sale price"), decimal = ",")]
    price: f32,
}

const TABLE: &str = "Sale price;rooms;rent;share;garden;gate;listed;seen;sold;p2;p0;p1;s10;s9;twice;usual;title;body;x10;x9
1,5;-1;€ 1.234,5;12.5%;Y;Open;31/12/2024;1700000000;2024-12-31 23:59:59+00;12;10;11;;9;1;1;Good;day now;2;1
2,5;3;7;n/a;off;;1/2/2024;1700003600;2024-12-31T23:59:59Z;13;11;9;10;8;2;2;;only body;4;3
-3,25;?;-0,5;NaN;on;closed;15/6/2023;0;2023-01-01T01:00:00+01:00;1;2;3;4;5;3;4;a;b;6;5
";

/// The rows of the table.
fn known() -> [FormsSample; 3] {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let second = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
    let first = FormsSample {
        rooms: f32::NAN,
        rent: 1234.5,
        share: Some(0.125),
        garden: true,
        gate: Some(true),
        listed: date(2024, 12, 31),
        seen: second(1_700_000_000),
        sold: "2024-12-31T23:59:59Z".parse().unwrap(),
        profile: [10.0, 11.0, 12.0],
        sensors: [Some(9.0), None],
        twice: 2.0,
        usual: 1.0,
        text: "Good day now".to_owned(),
        rest: [1.0, 2.0],
        price: 1.5,
    };
    let second_row = FormsSample {
        rooms: 3.0,
        rent: 7.0,
        share: None,
        garden: false,
        gate: None,
        listed: date(2024, 2, 1),
        seen: second(1_700_003_600),
        profile: [11.0, 9.0, 13.0],
        sensors: [Some(8.0), Some(10.0)],
        twice: 4.0,
        usual: 2.0,
        text: "only body".to_owned(),
        rest: [3.0, 4.0],
        price: 2.5,
        ..first.clone()
    };
    let third = FormsSample {
        rooms: f32::NAN,
        rent: -0.5,
        share: None,
        garden: true,
        gate: Some(false),
        listed: date(2023, 6, 15),
        seen: second(0),
        sold: "2023-01-01T00:00:00Z".parse().unwrap(),
        profile: [2.0, 3.0, 1.0],
        sensors: [Some(5.0), Some(4.0)],
        twice: 6.0,
        usual: 4.0,
        text: "a b".to_owned(),
        rest: [5.0, 6.0],
        price: -3.25,
    };
    [first, second_row, third]
}

/// Compares rows in which NaN is a missing number.
fn assert_same(found: &[FormsSample], known: &[FormsSample]) {
    assert_eq!(format!("{found:?}"), format!("{known:?}"));
}

fn written(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn every_declared_form_is_read() {
    let file = written(TABLE);
    let rows = Csv::<FormsSample>::new(file.path()).delimiter(b';').read_all().unwrap();
    assert_same(&rows, &known());
    // Rows to predict from leave the target's column to the target.
    let inputs = Csv::<FormsInputs>::new(file.path()).delimiter(b';').read_all().unwrap();
    assert_eq!(inputs[2].rest, [5.0, 6.0]);
}

#[test]
fn rows_and_columns_are_read_alike() {
    let file = written(TABLE);
    let source = Csv::<FormsSample>::new(file.path()).delimiter(b';');
    let train = || {
        let model = Forms::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.01)).epochs(3).shuffle(Shuffle::Never);
        (model, trainer.progress(Progress::silent()))
    };
    let (mut streamed, trainer) = train();
    trainer.fit_from(&mut streamed, &source).unwrap();
    let (mut in_memory, trainer) = train();
    trainer.fit(&mut in_memory, &known()).unwrap();
    let inputs: Vec<FormsInputs> = known().into_iter().map(Into::into).collect();
    assert_eq!(streamed.predict(&inputs).unwrap(), in_memory.predict(&inputs).unwrap());
}

#[test]
fn objects_are_read_by_the_same_rules() {
    let read = serde_json::from_str::<FormsSample>;
    let row = read(
        r#"{"rooms": null, "rent": "1.234,5", "share": 0.125, "garden": true, "gate": "OPEN",
            "listed": "31/12/2024", "seen": 1700000000, "sold": "2024-12-31T23:59:59Z",
            "profile": [10, 11, 12], "sensors": [9, null], "twice": "1", "usual": 1,
            "text": "Good day now", "rest": [1, 2], "price": 1.5}"#,
    );
    assert_same(&[row.unwrap()], &known()[..1]);
    // What is absent is missing, as null is.
    let absent = read(
        r#"{"rent": "7", "garden": "off", "listed": "1/2/2024", "seen": "1700003600",
            "sold": "2024-12-31T23:59:59Z", "p0": 11, "p1": 9, "p2": 13, "twice": 2, "x9": 3,
            "x10": 4, "Sale price": "2,5"}"#,
    );
    let known = FormsSample {
        rooms: f32::NAN,
        sensors: [None, None],
        usual: 7.0,
        text: String::new(),
        ..known()[1].clone()
    };
    assert_same(&[absent.unwrap()], &[known]);
    let lacking = read(r#"{"rooms": 1, "garden": true}"#).unwrap_err().to_string();
    assert!(lacking.contains("field `rent`: the column `rent` is missing"), "{lacking}");
}

#[test]
fn a_wrong_value_is_said_with_the_declaration_that_would_take_it() {
    let [line, first] = [0, 1].map(|line| TABLE.lines().nth(line).unwrap());
    for (from, to, known) in [
        (
            "12.5%",
            "12.5",
            "`share`, column `share`: expected a number with `%` at its end, found `12.5`",
        ),
        ("12.5%", "NA", "found `NA`; `missing(\"NA\")` takes it as missing"),
        ("€ 1.234,5", "€ 1.23,5", "`,` before its decimals and `.` between groups of three digits"),
        (
            "31/12/2024",
            "2024-12-31",
            "expected a date in the format `%d/%m/%Y`, found `2024-12-31`",
        ),
        ("1700000000", "now", "column `seen`: expected seconds since 1970, found `now`"),
        (";Open;", ";ajar;", "column `gate`: expected open, closed, found `ajar`"),
        (";12;10;11;", ";12;x;11;", "field `profile`, column `p0`: expected a number, found `x`"),
        ("1,5;", "1.5;", "field `price`, column `Sale price`: expected a number with `,`"),
        (";1;1;Good", ";one;1;Good", "field `twice`: "),
    ] {
        let text = format!("{line}\n{}\n", first.replacen(from, to, 1));
        let file = written(&text);
        let read = Csv::<FormsSample>::new(file.path()).delimiter(b';').read_all();
        let message = read.unwrap_err().to_string();
        assert!(message.contains(", line 2: ") && message.contains(known), "{to}: {message}");
    }
}

#[test]
fn the_number_of_open_columns_is_checked() {
    let [line, first] = [0, 1].map(|line| TABLE.lines().nth(line).unwrap());
    for (from, to, value, known) in [
        ("s10;", "s10;s11;", ";;", "`columns(prefix = \"s\")` finds 3 columns, expected 2 for `[Option<f32>; 2]`: found `s9`, `s10`, `s11`"),
        ("x10;x9", "x10;x9;age", ";5", "`columns(all_others)` finds 3 columns, expected 2 for `[f32; 2]`: found `age`, `x9`, `x10`"),
    ] {
        let row = match from.starts_with('s') {
            true => first.replacen(";11;;", &format!(";11;{value}"), 1),
            false => format!("{first}{value}"),
        };
        let text = format!("{}\n{row}\n", line.replacen(from, to, 1));
        let file = written(&text);
        let read = Csv::<FormsSample>::new(file.path()).delimiter(b';').read_all();
        let message = read.unwrap_err().to_string();
        assert!(message.contains(known), "{message}");
    }
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Blank {
    #[input(standardize, missing = mean)]
    number: Option<f32>,
    #[input(categories(9), missing = learned)]
    #[branch(Embedding(auto))]
    town: Option<String>,
    #[input(calendar(month), missing = zeros)]
    day: Option<NaiveDate>,
    #[merge(concat(number, town, day))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: Option<f32>,
}

/// Blank, null and NaN are missing in every source and in memory.
#[test]
fn what_is_missing_is_missing_everywhere() {
    let none = BlankSample { number: None, town: None, day: None, price: None };
    for cells in [",,,", " , , , ", "NaN,,NaT,nan", "null,,NULL,null", "\"\",\"\",\"\",\"\""] {
        let text = format!("number,town,day,price\n{cells}\n");
        let rows = read_csv_from::<BlankSample>(text.as_bytes(), "t.csv").unwrap();
        assert_eq!(rows, std::slice::from_ref(&none), "{cells}");
    }
    for object in ["{}", r#"{"number": null, "town": null, "day": null, "price": null}"#] {
        assert_eq!(serde_json::from_str::<BlankSample>(object).unwrap(), none);
    }
    let row = |number, price| BlankSample {
        number,
        town: Some("ash".to_owned()),
        day: NaiveDate::from_ymd_opt(2024, 1, 2),
        price,
    };
    let fitted = |missing: Option<f32>| {
        let rows = [row(Some(1.0), Some(1.0)), row(missing, Some(2.0)), row(Some(3.0), missing)];
        let mut model = Blank::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.1)).progress(Progress::silent());
        trainer.fit(&mut model, &rows).unwrap();
        let inputs: Vec<BlankInputs> = rows.into_iter().map(Into::into).collect();
        model.predict(&inputs).unwrap()
    };
    assert_eq!(fitted(None), fitted(Some(f32::NAN)));
}

fn digits<'de, D: serde::Deserializer<'de>>(text: D) -> Result<f32, D::Error> {
    Ok(String::deserialize(text)?.len() as f32)
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Renamed {
    #[input(columns("Genre list"), split("|"), categories(20), pad(3))]
    #[branch(EmbeddingBag(auto))]
    genres: Vec<String>,
    #[serde(deserialize_with = "digits")]
    #[input(columns("Run time"), standardize)]
    time: f32,
    #[input(columns("Points"), split(" "), standardize)]
    points: [f32; 2],
    #[input(words(9, 3), columns("title", "body"))]
    #[branch(Embedding(9, 2, mask), GlobalAveragePool1D)]
    text: String,
    #[merge(concat(genres, time, points, text))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

/// One name in `columns(...)` renames a field, in rows and in columns alike.
#[test]
fn a_renamed_column_is_read_as_the_field_would_be() {
    let file = written(
        "Genre list,Run time,Points,title,body,stars\nAction|Comedy,1.50,1 2,a,b,1\nDrama,007,3 4,,c,2\n",
    );
    let source = Csv::<RenamedSample>::new(file.path());
    let rows = source.read_all().unwrap();
    assert_eq!(rows[0].genres, ["Action", "Comedy"]);
    assert_eq!([rows[0].time, rows[1].time], [4.0, 3.0], "as it is written");
    assert_eq!([rows[0].points, rows[1].points], [[1.0, 2.0], [3.0, 4.0]]);
    let fitted = |fit: &dyn Fn(&mut Model<Renamed>)| {
        let mut model = Renamed::build(&Cpu::default(), Seed(1));
        fit(&mut model);
        let inputs: Vec<RenamedInputs> = rows.iter().cloned().map(Into::into).collect();
        model.predict(&inputs).unwrap()
    };
    let trainer = || {
        let trainer = Trainer::new(Adam::new(0.1)).shuffle(Shuffle::Never);
        trainer.progress(Progress::silent())
    };
    let streamed = fitted(&|model| drop(trainer().fit_from(model, &source).unwrap()));
    let in_memory = fitted(&|model| drop(trainer().fit(model, &rows).unwrap()));
    assert_eq!(streamed, in_memory);
    // A key that an object lacks is missing, as null is, in a group of columns too.
    let object = r#"{"genres": [], "time": "12", "Points": "5 6", "title": "x", "stars": 1}"#;
    let row = serde_json::from_str::<RenamedSample>(object).unwrap();
    assert_eq!((row.text.as_str(), row.time, row.points), ("x", 2.0, [5.0, 6.0]));
}
