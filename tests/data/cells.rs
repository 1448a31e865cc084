//! CSV and JSON take the same cells. `stores` tests Parquet, Arrow, SQLite and PostgreSQL by the same
//! table.

use std::path::PathBuf;

use multi_input::{
    data::{read_csv_from, Csv, JsonLines, Source},
    prelude::*,
};
use serde::de::DeserializeOwned;
use serde_json::{json, Map, Value};

#[path = "../support/cells.rs"]
mod table;

use table::{check, Cells, Held, Needs, Store};

/// Files in a folder, one after the other in the same place.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.0.path().join("rows.txt");
        std::fs::write(&path, text).unwrap();
        path
    }
}

struct InCsv(Folder);

impl Store for InCsv {
    type Of<R: DeserializeOwned> = Csv<R>;
    const HAS: &'static [Needs] = &[];
    const NAME: &'static str = "rows.txt, line 2: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> Csv<R> {
        let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
        let text = |held: &Held| match held {
            Held::Null => String::new(),
            Held::Bool(value) => value.to_string(),
            Held::Whole(value) => value.to_string(),
            Held::Real(value) => format!("{value:?}"),
            Held::Text(text) | Held::Date(text) | Held::Time(text) | Held::Instant(text) => {
                format!("\"{text}\"")
            }
        };
        let row: Vec<String> = cells.iter().map(|(_, held)| text(held)).collect();
        Csv::new(self.0.write(&format!("{},odd\n{},\"a,\"\"b\"\n", names.join(","), row.join(","))))
    }
}

fn json(held: &Held) -> Value {
    match held {
        Held::Null => Value::Null,
        Held::Bool(value) => json!(value),
        Held::Whole(value) => json!(value),
        // JSON has no NaN but in text.
        Held::Real(value) if value.is_nan() => json!("NaN"),
        Held::Real(value) => json!(value),
        Held::Text(text) | Held::Date(text) | Held::Time(text) | Held::Instant(text) => json!(text),
    }
}

struct InJson(Folder);

impl Store for InJson {
    type Of<R: DeserializeOwned> = JsonLines<R>;
    const HAS: &'static [Needs] = &[Needs::Types, Needs::Flags];
    const NAME: &'static str = "rows.txt, line 1: ";

    fn source<R: DeserializeOwned>(&self, cells: &Cells) -> JsonLines<R> {
        let entries = cells.iter().map(|(name, held)| ((*name).to_owned(), json(held)));
        let mut object: Map<String, Value> = entries.collect();
        object.insert("odd".to_owned(), json!({"deep": [1, {"x": null}]}));
        JsonLines::new(self.0.write(&Value::Object(object).to_string()))
    }
}

#[test]
fn csv_takes_the_cells_of_the_table() {
    check(&InCsv(Folder::new()));
}

#[test]
fn json_takes_the_cells_of_the_table() {
    check(&InJson(Folder::new()));
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(standardize)]
    rooms: f32,
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    zip: String,
    #[input(standardize, missing = zeros, columns("width", "depth"))]
    garden: Option<[f32; 2]>,
    #[merge(concat(rooms, zip, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn house(json: &str) -> Result<HouseSample, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn a_json_object_may_leave_out_what_is_absent_and_a_table_may_not() {
    let row = house(r#"{"rooms": "4", "zip": 2138, "price": 1}"#).unwrap();
    assert_eq!((row.rooms, row.zip.as_str(), row.garden), (4.0, "2138", None));
    let nulls = house(r#"{"rooms": 4, "zip": "a", "garden": [null, "NaN"], "price": 1}"#).unwrap();
    assert_eq!(nulls.garden, None);
    let error = house(r#"{"rooms": 4, "zip": "a", "width": 1, "price": 1}"#).unwrap_err();
    assert!(error.starts_with("field `garden`: the column `depth` is missing; "), "{error}");
    let error = house(r#"{"rooms": 4, "zip": "a"}"#).unwrap_err();
    assert!(error.starts_with("field `price`: the column `price` is missing; "), "{error}");
    let table = read_csv_from::<HouseSample>("rooms,zip,price\n4,a,1\n".as_bytes(), "houses");
    assert_eq!(
        table.unwrap_err().to_string(),
        "houses, line 2: field `garden`: the column `width` is missing; the columns are `rooms`, \
         `zip`, `price`"
    );
}

#[test]
fn no_message_of_json_is_serdes_alone() {
    let message = |zip: &str| house(&format!(r#"{{"rooms": 4, "price": 1, "zip": {zip}}}"#));
    let cases = [
        ("true", "expected a text or a whole number, found `true`"),
        ("[\"a\"]", "expected a text, found a list of 1"),
        ("{\"a\": 1}", "expected a text, found an object with keys of its own"),
        ("1e300", "expected a text or a whole number, found `1"),
    ];
    for (zip, expected) in cases {
        let error = message(zip).unwrap_err();
        assert!(error.starts_with(&format!("field `zip`, column `zip`: {expected}")), "{error}");
    }
}

/// Names are trimmed wherever they come from; what a text for `words` has around it says nothing.
#[test]
fn white_space_around_a_name_is_no_part_of_it_in_memory_either() {
    let row = |zip: &str| HouseSample { rooms: 1.0, zip: zip.to_owned(), garden: None, price: 2.0 };
    let mut model = House::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(5).progress(Progress::silent());
    trainer.fit(&mut model, &[row(" a"), row("a "), row("b")]).unwrap();
    let learned = model.preprocessing().unwrap().learned("zip", "categories").unwrap();
    assert_eq!(learned["entries"], json!(["a", "b"]));
    let predicted = model.predict(&["a", "\ta "].map(|zip| row(zip).into())).unwrap();
    assert_eq!(predicted[0].price.to_bits(), predicted[1].price.to_bits());
}

#[test]
fn a_source_in_memory_is_read_as_it_is() {
    let rows = vec![house(r#"{"rooms": 4, "zip": "a", "price": 1}"#).unwrap()];
    assert_eq!(format!("{:?}", rows.read_all().unwrap()), format!("{rows:?}"));
}
