//! Newtypes around the values of rows: the numbers are those of a model without them.

use std::{fs, path::PathBuf};

use multi_input::{
    data::{read_csv_from, Csv, JsonLines, Source},
    prelude::*,
    Error,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Metres(f32);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Cents(i64);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Rgb([f32; 3]);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct District(u32);
#[derive(Clone, Debug, PartialEq, Newtype)]
struct Agent(String);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Sunny(bool);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Built(multi_input::data::chrono::NaiveDate);
#[derive(Clone, Debug, PartialEq, Newtype)]
struct Tags(Vec<u32>);
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
struct Euros(f64);

/// The model without newtypes.
mod unwrapped {
    use super::*;

    #[multi_input_model]
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct House {
        #[input(standardize)]
        height: f32,
        #[input(standardize, missing = mean)]
        depth: Option<f32>,
        #[input(impute(mean), columns("w0", "w1"))]
        widths: [Option<f32>; 2],
        #[input(standardize)]
        rent: i64,
        #[input(columns("r", "g", "b"))]
        color: [f32; 3],
        #[input]
        #[branch(Embedding(10, 4))]
        district: u32,
        #[input(categories(8))]
        #[branch(Embedding(8, 2))]
        agent: String,
        #[input]
        sunny: bool,
        #[input(calendar(month))]
        built: multi_input::data::chrono::NaiveDate,
        #[input(split("|"), multi_hot(5))]
        tags: Vec<u32>,
        #[derived(height - depth, impute(mean))]
        gap: f32,
        #[merge(concat(
            height, depth, widths, rent, color, district, agent, sunny, built, tags, gap
        ))]
        #[branch(Dense(8, relu), Dense(1))]
        #[output(loss = mse, standardize, metrics(mae))]
        price: f64,
    }
}

/// The same model with newtypes.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct House {
    #[input(wraps = f32, standardize)]
    height: Metres,
    #[input(wraps = f32, standardize, missing = mean)]
    depth: Option<Metres>,
    #[input(wraps = f32, impute(mean), columns("w0", "w1"))]
    widths: [Option<Metres>; 2],
    #[input(wraps = i64, standardize)]
    rent: Cents,
    #[input(wraps = [f32; 3], columns("r", "g", "b"))]
    color: Rgb,
    #[input(wraps = u32)]
    #[branch(Embedding(10, 4))]
    district: District,
    #[input(wraps = String, categories(8))]
    #[branch(Embedding(8, 2))]
    agent: Agent,
    #[input(wraps = bool)]
    sunny: Sunny,
    #[input(wraps = multi_input::data::chrono::NaiveDate, calendar(month))]
    built: Built,
    #[input(wraps = Vec<u32>, split("|"), multi_hot(5))]
    tags: Tags,
    #[derived(height - depth, impute(mean))]
    gap: f32,
    #[merge(concat(height, depth, widths, rent, color, district, agent, sunny, built, tags, gap))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = mse, wraps = f64, standardize, metrics(mae))]
    price: Euros,
}

fn csv() -> String {
    let mut text =
        "height,depth,w0,w1,rent,r,g,b,district,agent,sunny,built,tags,price\n".to_owned();
    for i in 0..40_u32 {
        let depth = if i % 5 == 0 { String::new() } else { format!("{}.25", i % 7) };
        let (w0, month) = (if i % 6 == 0 { "" } else { "1.5" }, i % 12 + 1);
        let (sunny, agent) = (["yes", "no"][i as usize % 2], ["ann", "bob", "cid"][i as usize % 3]);
        text += &format!(
            "{i}.5,{depth},{w0},{i},{},0.1,0.{i},0.3,{},{agent},{sunny},2020-{month:02}-07,{}|{},{}.75\n",
            900 + i * 7,
            i % 10,
            i % 5,
            i % 3,
            i * 3 + i % 4
        );
    }
    text
}

fn trainer<M: Network<f32, Cpu>>() -> Trainer<M, Adam> {
    Trainer::new(Adam::new(0.02))
        .epochs(3)
        .batch_size(8)
        .seed(Seed(5))
        .progress(multi_input::callback::Progress::silent())
}

fn rows() -> Vec<HouseSample> {
    read_csv_from(csv().as_bytes(), "houses.csv").unwrap()
}

fn trained() -> (Model<House>, Vec<HouseInputs>) {
    let mut model = House::build(&Cpu::default(), Seed(7));
    trainer().fit(&mut model, &rows()).unwrap();
    (model, rows().into_iter().map(Into::into).collect())
}

#[test]
fn cells_are_read_as_what_is_wrapped() {
    let rows = rows();
    let first = &rows[0];
    assert_eq!((first.height, first.depth), (Metres(0.5), None));
    assert_eq!(first.widths, [None, Some(Metres(0.0))]);
    assert_eq!((first.rent, first.color), (Cents(900), Rgb([0.1, 0.0, 0.3])));
    assert_eq!((first.district, &first.agent), (District(0), &Agent("ann".to_owned())));
    assert_eq!((first.sunny, &first.tags), (Sunny(true), &Tags(vec![0, 0])));
    assert_eq!((first.built.0.to_string().as_str(), first.price), ("2020-01-07", Euros(0.75)));
    let error = csv().replace(",900,", ",9.5,");
    let error =
        read_csv_from::<HouseSample>(error.as_bytes(), "houses.csv").unwrap_err().to_string();
    assert!(error.contains("field `rent`, column `rent`: expected a whole number"), "{error}");
}

#[test]
fn a_model_with_newtypes_has_the_numbers_of_one_without() {
    let (model, inputs) = trained();
    let mut other = unwrapped::House::build(&Cpu::default(), Seed(7));
    let rows: Vec<unwrapped::HouseSample> = read_csv_from(csv().as_bytes(), "houses.csv").unwrap();
    trainer().fit(&mut other, &rows).unwrap();
    let own = model.predict(&inputs).unwrap();
    let plain: Vec<_> = rows.into_iter().map(Into::into).collect();
    for (own, plain) in own.iter().zip(other.predict(&plain).unwrap()) {
        assert_eq!(own.price.0.to_bits(), plain.price.to_bits());
    }
    // From a file, whose cells become columns without a row between.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    fs::write(&path, csv()).unwrap();
    let (mut wrapped, mut bare) =
        (House::build(&Cpu::default(), Seed(7)), unwrapped::House::build(&Cpu::default(), Seed(7)));
    trainer().fit_from(&mut wrapped, &Csv::<HouseSample>::new(&path)).unwrap();
    trainer().fit_from(&mut bare, &Csv::<unwrapped::HouseSample>::new(&path)).unwrap();
    let own = wrapped.predict(&inputs).unwrap();
    for (own, plain) in own.iter().zip(bare.predict(&plain).unwrap()) {
        assert_eq!(own.price.0.to_bits(), plain.price.to_bits());
    }
}

#[test]
fn rows_are_written_and_read_as_what_is_wrapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.jsonl");
    let (rows, plain) =
        (rows(), read_csv_from::<unwrapped::HouseSample>(csv().as_bytes(), "houses.csv").unwrap());
    let lines: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    let expected: Vec<String> =
        plain.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    assert_eq!(lines, expected);
    fs::write(&path, lines.join("\n")).unwrap();
    let read: Vec<HouseSample> =
        JsonLines::new(&path).rows().unwrap().collect::<multi_input::Result<_>>().unwrap();
    assert_eq!(read, rows);
}

/// One input in another unit, or in none.
macro_rules! heights {
    ($module:ident, $ty:ident, { $($newtype:item)? }, ($($wraps:tt)*)) => {
        mod $module {
            use super::*;
            $($newtype)?

            #[multi_input_model]
            #[derive(Clone, Debug)]
            pub struct Height {
                #[input($($wraps)* standardize)]
                #[branch(Dense(4, relu))]
                height: $ty,
                #[from(height)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }
        }
    };
}

heights!(in_metres, Metres, {}, (wraps = f32,));
heights!(in_nothing, f32, {}, ());
heights!(
    in_feet,
    Feet,
    {
        #[derive(Clone, Copy, Debug, Newtype)]
        pub struct Feet(pub f32);
    },
    (wraps = f32,)
);
heights!(
    in_renamed,
    Meters,
    {
        #[derive(Clone, Copy, Debug, Newtype)]
        #[newtype(name = "Metres")]
        pub struct Meters(pub f32);
    },
    (wraps = f32,)
);

fn file_in_metres(folder: &tempfile::TempDir) -> PathBuf {
    let row = |i: u8| in_metres::HeightSample { height: Metres(i.into()), price: i.into() };
    let rows: Vec<_> = (0..16).map(row).collect();
    let mut model = in_metres::Height::build(&Cpu::default(), Seed(7));
    trainer().fit(&mut model, &rows).unwrap();
    let path = folder.path().join("height.safetensors");
    model.save(&path).unwrap();
    path
}

#[test]
fn a_file_in_another_unit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, device) = (file_in_metres(&folder), Cpu::default());
    let Err(error) = Model::<in_feet::Height>::load(&path, &device) else { panic!("loaded") };
    let text = error.to_string();
    assert!(text.contains("newtype `Feet`") && text.contains("newtype `Metres`"), "{text}");
    // A type that was renamed, and one whose unit is not said.
    assert!(Model::<in_renamed::Height>::load(&path, &device).is_ok());
    let model = Model::<in_nothing::Height>::load(&path, &device).unwrap();
    let older = folder.path().join("older.safetensors");
    model.save(&older).unwrap();
    assert!(Model::<in_feet::Height>::load(&older, &device).is_ok());
}

#[test]
fn a_branch_of_another_unit_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let base = Weights::file(file_in_metres(&folder)).unwrap();
    let mut model = in_feet::Height::build(&Cpu::default(), Seed(1));
    let error = model.take(&base, nodes![in_feet::Height::height]).unwrap_err().to_string();
    assert!(error.contains("newtype `Feet`") && error.contains("newtype `Metres`"), "{error}");
    let mut model = in_renamed::Height::build(&Cpu::default(), Seed(1));
    assert!(model.take(&base, nodes![in_renamed::Height::height]).is_ok());
}

#[test]
fn a_value_that_is_refused_is_named_by_its_field() {
    let (model, mut inputs) = trained();
    inputs[3].height = Metres(f32::NAN);
    let error = model.predict(&inputs).unwrap_err();
    let Error::Value { row: 3, field, .. } = &error else { panic!("{error}") };
    assert_eq!(field, "height");
}

/// Newtypes that functions of the user read, and that serde reads.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Forms {
    #[input(wraps = f32)]
    #[serde(deserialize_with = "of_feet", default = "no_height")]
    height: Metres,
    #[input(wraps = f32, decimal = ",", columns(prefix = "w"))]
    widths: [Metres; 2],
    #[input(wraps = f32, pad(3))]
    #[branch(DropMask, Flatten)]
    steps: Vec<Metres>,
    #[input(wraps = [f32; 3], pad(1))]
    #[branch(DropMask, Flatten)]
    colors: Vec<Rgb>,
    #[merge(concat(height, widths, steps, colors))]
    #[branch(Dense(2))]
    #[output(loss = mse, wraps = f64, missing("?"), columns("p0", "p1"))]
    prices: Option<[Euros; 2]>,
}

fn of_feet<'de, D: serde::Deserializer<'de>>(cell: D) -> Result<Metres, D::Error> {
    f32::deserialize(cell).map(|feet| Metres(feet * 0.25))
}

fn no_height() -> Metres {
    Metres(-1.0)
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByHand {
    #[input(wraps = [f32; 3], missing = zeros)]
    #[serde(alias = "colour")]
    color: Option<Rgb>,
    #[input(wraps = f32)]
    #[serde(with = "by_hand")]
    heights: [Metres; 2],
    #[merge(concat(color, heights))]
    #[branch(Dense(1))]
    #[output(loss = mse, wraps = f64)]
    price: Euros,
}

#[test]
fn forms_of_cells_hold_for_newtypes() {
    let line = |height: &str| {
        format!(
            r#"{{{height}"w10": "2,5", "w9": 1.5, "steps": [1, 2], "colors": [[1, 2, 3]], "p0": "?", "p1": null}}"#
        )
    };
    let read = |line: &str| serde_json::from_str::<FormsSample>(line).unwrap();
    let row = read(&line(r#""height": 8, "#));
    assert_eq!((row.height, row.widths), (Metres(2.0), [Metres(1.5), Metres(2.5)]));
    assert_eq!(
        (&row.steps, &row.colors),
        (&vec![Metres(1.0), Metres(2.0)], &vec![Rgb([1.0, 2.0, 3.0])])
    );
    assert_eq!(row.prices, None);
    assert_eq!(read(&line("")).height, Metres(-1.0));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forms.csv");
    let text = "height;w1;w2;steps;colors;p0;p1\n4;0,5;1;[1];[[1, 2, 3]];2;3\n";
    fs::write(&path, text.replace(";[1];[[1, 2, 3]]", ";;")).unwrap();
    let rows = Csv::<FormsSample>::new(&path);
    let mut model = Forms::build(&Cpu::default(), Seed(7));
    trainer().fit_from(&mut model, &rows).unwrap();
    let predicted = model.predict(&[row.into()]).unwrap();
    assert!(predicted[0].prices.iter().all(|price| price.0.is_finite()));
}

mod by_hand {
    use super::*;

    pub fn serialize<S: serde::Serializer>(
        heights: &[Metres; 2],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        format!("{} {}", heights[0].0, heights[1].0).serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[Metres; 2], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut numbers = text.split(' ').map(|number| Metres(number.parse().unwrap()));
        Ok([numbers.next().unwrap(), numbers.next().unwrap()])
    }
}

#[test]
fn serde_reads_newtypes_of_a_model_that_derives_it() {
    let heights = [Metres(1.5), Metres(2.0)];
    let row = ByHandSample { color: Some(Rgb([1.0, 2.0, 3.0])), heights, price: Euros(0.5) };
    let text = serde_json::to_string(&row).unwrap();
    assert_eq!(text, r#"{"color":[1.0,2.0,3.0],"heights":"1.5 2","price":0.5}"#);
    assert_eq!(serde_json::from_str::<ByHandSample>(&text).unwrap(), row);
    let absent: ByHandSample = serde_json::from_str(r#"{"heights": "1 2", "price": 3}"#).unwrap();
    assert_eq!((absent.color, absent.price), (None, Euros(3.0)));
}

/// Predictions in parts, each of the newtype.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Parts {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9), wraps = f64, standardize)]
    price: Euros,
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = mse, wraps = [f32; 3])]
    color: Rgb,
    #[from(rooms)]
    #[branch(Dense(2, sigmoid))]
    #[output(loss = binary_cross_entropy, wraps = bool, metrics(accuracy))]
    sunny: [Sunny; 2],
}

#[test]
fn predictions_are_of_the_targets_newtype() {
    let row = |i: u8| PartsSample {
        rooms: i.into(),
        price: Euros(i.into()),
        color: Rgb([0.5; 3]),
        sunny: [Sunny(i.is_multiple_of(2)), Sunny(true)],
    };
    let rows: Vec<_> = (0..16).map(row).collect();
    let mut model = Parts::build(&Cpu::default(), Seed(7));
    trainer().fit(&mut model, &rows).unwrap();
    let predicted = model.predict(&[PartsInputs { rooms: 3.0 }]).unwrap().remove(0);
    let (low, high): (Euros, Euros) =
        (predicted.price.quantile::<0>(), predicted.price.quantile::<2>());
    let (color, sunny): (Rgb, [f32; 2]) = (predicted.color, predicted.sunny);
    let text = serde_json::to_value(&predicted).unwrap();
    assert_eq!(text["price"], serde_json::json!(predicted.price.as_array().map(|price| price.0)));
    assert_eq!(text["color"], serde_json::json!(color.0));
    assert!(low.0 <= high.0 && color.0.iter().chain(&sunny).all(|number| number.is_finite()));
}
