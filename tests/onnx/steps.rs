//! The preprocessing steps: the values behind them are outputs without a loss.

use multi_input::{data::Image, prelude::*};
use serde::Serialize;
use serde_json::{json, Value};

use crate::recorded;

/// Fits the preprocessing on rows in JSON.
pub fn fitted<M: Network>(rows: &[Value]) -> Model<M>
where
    M::Sample: serde::de::DeserializeOwned,
{
    let samples: Vec<M::Sample> =
        rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let mut model = Model::<M>::build(&Cpu::default(), Seed(7));
    model.fit_preprocessing(&samples).unwrap();
    model
}

/// Numbers.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Numbers {
    /// Metres above the sea.
    #[input(standardize)]
    #[output]
    height: f32,
    #[input(standardize)]
    #[output]
    ticks: f64,
    #[input(standardize)]
    #[output]
    count: i64,
    #[input(impute(median), min_max(-1.0, 1.0))]
    #[output]
    readings: [f32; 3],
    #[input(robust)]
    #[output]
    outliers: [f64; 2],
    #[input(log1p, standardize)]
    #[output]
    price: f32,
    #[input(clip(-1.0, 2.5), rescale(0.1, 7.0))]
    #[output]
    bounded: f32,
    #[input(rescale(0.1, 7.0))]
    #[output]
    rescaled: f64,
    #[input(impute(mean, indicator = true))]
    #[output]
    blank: f32,
    #[input(impute(most_frequent, indicator = true), standardize)]
    #[output]
    blanks: [f64; 2],
    #[input(bins(4), one_hot(4))]
    #[output]
    binned: f32,
    #[input(bins(edges = [0.1, 0.7]), one_hot(3))]
    #[output]
    edges: f64,
    #[input(bins(3), one_hot(3))]
    #[output]
    several: [f32; 2],
    #[input(missing = mean)]
    #[output]
    mean: Option<f32>,
    #[input(standardize, missing = mean)]
    #[output]
    means: Option<[f64; 2]>,
    #[input(standardize, missing = zeros)]
    #[output]
    zeros: Option<f32>,
    #[input]
    #[output]
    flag: bool,
    #[input]
    #[output]
    flags: [bool; 3],
    #[input(missing = zeros)]
    #[output]
    maybe: Option<bool>,
    #[input(normalize(mean = [1.0, 2.0], std = [3.0, 0.7]))]
    #[output]
    normal: [f32; 2],
    #[input]
    #[output]
    plain: [[f32; 2]; 2],
    #[derived(ln(price) - 0.5 * max(height, bounded) / zeros, impute(constant = -1.0))]
    #[output]
    ratio: f32,
    #[derived(outliers / rescaled + log1p(abs(count)), impute(mean), standardize)]
    #[output]
    ratios: [f32; 2],
    #[derived(min(sqrt(mean), exp(bounded)), impute(mean, indicator = true))]
    #[output]
    least: _,
    #[from(height)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

/// Numbers from a row's index that seem random.
pub fn noise(row: usize, which: usize) -> f64 {
    let hash = (row as u64 * 1_000_003 + which as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((hash ^ (hash >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24)
}

fn number_row(row: usize) -> Value {
    let number = |which: usize| noise(row, which) * 10.0 - 3.0;
    let maybe = |which: usize, value: Value| match noise(row, which) < 0.3 {
        true => Value::Null,
        false => value,
    };
    json!({
        "height": number(0) as f32,
        "ticks": 1.7e12 + number(1) * 1e3,
        "count": (number(2) * 1e6) as i64,
        "readings": [maybe(60, json!(number(3) as f32)), 5.5, number(4) as f32],
        "outliers": [number(5).powi(9), 0.1],
        "price": (number(6) + 3.5) as f32,
        "bounded": number(7) as f32,
        "rescaled": if row.is_multiple_of(5) { 0.0 } else { number(8) },
        "blank": maybe(61, json!(number(9) as f32)),
        "blanks": [maybe(62, json!((number(10) * 3.0).round())), maybe(63, json!(number(11)))],
        "binned": number(12) as f32,
        "edges": ([0.1, 0.7, 0.69, 5.0, -3e38][row % 5]),
        "several": [(number(13) as f32).round(), 4.0],
        "mean": maybe(64, json!(number(14) as f32)),
        "means": maybe(65, json!([number(15), number(16)])),
        "zeros": maybe(66, json!(number(17) as f32)),
        "flag": noise(row, 18) < 0.5,
        "flags": [noise(row, 19) < 0.5, true, noise(row, 20) < 0.5],
        "maybe": maybe(67, json!(noise(row, 21) < 0.5)),
        "normal": [number(22) as f32, number(23) as f32],
        "plain": [[number(24) as f32, 1.0], [2.0, number(25) as f32]],
        "target": number(0),
    })
}

#[test]
fn recorded_numbers() {
    let rows: Vec<Value> = (0..40).map(number_row).collect();
    let model = fitted::<Numbers>(&rows);
    let mut new: Vec<Value> = (30..50).map(number_row).collect();
    for (row, number) in [1e-30_f64, -1e-3, 3.3e37, 0.0, -0.0, 1e-9].into_iter().enumerate() {
        new[row]["height"] = json!(number);
        new[row]["price"] = json!(number);
        new[row]["binned"] = json!(number);
        new[row]["bounded"] = json!(number);
        new[row]["outliers"] = json!([number, 0.1 + number.min(1.0)]);
        new[row]["readings"] = json!([null, 5.5 + number.min(1.0), null]);
    }
    recorded::check("numbers", &model, &new);
}

/// Categories.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Categories {
    #[input(categories(8), one_hot(8))]
    #[output]
    town: String,
    #[input(categories(8, shared = town), one_hot(8))]
    #[output]
    other_town: String,
    #[input(categories(6, minimum = 2), one_hot(6), missing = zeros)]
    #[output]
    rare: Option<String>,
    #[input(categories(9), one_hot(9))]
    #[output]
    id: u32,
    #[input(one_hot(5))]
    #[output]
    kind: u32,
    #[input(categories(10), multi_hot(10))]
    #[output]
    several: [String; 3],
    #[input(categories(10), one_hot(10))]
    #[output]
    ids: [u32; 2],
    #[input(multi_hot(6))]
    #[output]
    set: [u32; 3],
    #[from(town)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

fn category_row(row: usize, towns: &[&str]) -> Value {
    let any = |which: usize, of: usize| (noise(row, which) * of as f64) as usize;
    let ids = [7_u32, 4_000_000_000, 0, 12, 99];
    json!({
        "town": towns[any(0, towns.len())],
        "other_town": format!(" {} ", towns[any(1, towns.len())]),
        "rare": if row.is_multiple_of(4) { Value::Null } else { json!((["a", "b", "a", "c"][row % 4])) },
        "id": ids[any(2, towns.len().min(5))],
        "kind": any(3, 4),
        "several": [towns[any(4, towns.len())], towns[0], towns[any(5, towns.len())]],
        "ids": [ids[any(6, towns.len().min(5))], 7],
        "set": [any(7, 4), any(8, 4), any(9, 4)],
        "target": 1.0,
    })
}

#[test]
fn recorded_categories() {
    let rows: Vec<Value> = (0..30).map(|row| category_row(row, &["Ulm", "Köln", "Bonn"])).collect();
    let model = fitted::<Categories>(&rows);
    let mut new: Vec<Value> =
        (0..20).map(|row| category_row(row, &["Ulm", "Köln", "Bonn", "Ähem", "ulm"])).collect();
    new[3]["kind"] = json!(4);
    new[4]["set"] = json!([5, 5, 5]);
    new[5]["id"] = json!(u32::MAX);
    recorded::check("categories", &model, &new);
}

/// Dates.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Dates {
    #[input(calendar(
        year,
        month,
        day,
        weekday,
        month_cycle,
        day_cycle,
        weekday_cycle,
        year_cycle
    ))]
    #[output]
    day: multi_input::data::chrono::NaiveDate,
    #[input(calendar(
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        month_cycle,
        day_cycle,
        weekday_cycle,
        hour_cycle,
        year_cycle
    ))]
    #[output]
    time: multi_input::data::chrono::NaiveDateTime,
    #[input(calendar(hour), missing = zeros)]
    #[output]
    instant: Option<multi_input::data::chrono::DateTime<multi_input::data::chrono::Utc>>,
    #[from(day)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[test]
fn recorded_dates() {
    let days = [
        "1970-01-01",
        "1969-12-31",
        "2000-02-29",
        "1900-02-28",
        "1900-03-01",
        "2024-12-31",
        "2023-12-31",
        "0001-01-01",
        "9999-12-31",
        "1600-02-29",
        "2100-03-01",
        "1968-02-29",
    ];
    let times = ["00:00:00", "23:59:59.999", "12:30:00", "00:00:59", "07:01:00.001"];
    let row = |row: usize| {
        let (day, time) = (days[row % days.len()], times[row % times.len()]);
        json!({
            "day": day,
            "time": format!("{}T{time}", days[(row * 5 + 1) % days.len()]),
            "instant": if row.is_multiple_of(3) { Value::Null } else { json!(format!("{day} {time}+00:00")) },
            "target": 0.0,
        })
    };
    let rows: Vec<Value> = (0..60).map(row).collect();
    let model = fitted::<Dates>(&rows);
    recorded::check("dates", &model, &rows);
}

/// Lists.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Lists {
    #[input(standardize, pad(4))]
    #[output]
    numbers: Vec<f32>,
    #[input(standardize, pad(3, before, cut = before))]
    #[output]
    pairs: Vec<[f64; 2]>,
    #[input(bins(3), one_hot(3), pad(2, before))]
    #[output]
    binned: Vec<f32>,
    #[input(categories(9), multi_hot(9))]
    #[output]
    tags: Vec<String>,
    #[input(multi_hot(5), missing = zeros)]
    #[output]
    ids: Option<Vec<u32>>,
    #[input(calendar(year, weekday), pad(2, cut = before))]
    #[output]
    visits: Vec<multi_input::data::chrono::NaiveDate>,
    #[input(rescale(2.0), pad(3), missing = zeros)]
    #[output]
    maybe: Option<Vec<f32>>,
    #[from(ids)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

/// Texts that the graph cuts.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Cut {
    #[input(split("|"), categories(9), multi_hot(9))]
    #[output]
    genres: String,
    #[input(split(" "), categories(9), one_hot(9), pad(3))]
    #[output]
    words: String,
    #[from(genres)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

fn list_row(row: usize) -> Value {
    let length = |which: usize| (noise(row, which) * 6.0) as usize;
    let number = |which: usize| noise(row, which) * 10.0 - 3.0;
    let tags = ["red", "green", "blue", "grey"];
    let numbers: Vec<f32> = (0..length(0)).map(|item| number(item + 10) as f32).collect();
    let pairs: Vec<[f64; 2]> = (0..length(1)).map(|item| [number(item + 20), 5.0]).collect();
    let binned: Vec<f32> = (0..length(2)).map(|item| number(item + 30) as f32).collect();
    let tags: Vec<&str> = (0..length(3)).map(|item| tags[(row + item * 3) % 4]).collect();
    let ids: Vec<usize> = (0..length(4)).map(|item| (row + item) % 4).collect();
    let visits: Vec<String> =
        (0..length(5)).map(|item| format!("19{}0-0{}-11", item + 4, item + 1)).collect();
    json!({
        "numbers": numbers,
        "pairs": pairs,
        "binned": binned,
        "tags": tags,
        "ids": if row % 4 == 1 { Value::Null } else { json!(ids) },
        "visits": visits,
        "maybe": if row % 5 == 1 { Value::Null } else { json!(numbers) },
        "target": 0.0,
    })
}

#[test]
fn recorded_lists() {
    let rows: Vec<Value> = (0..40).map(list_row).collect();
    let model = fitted::<Lists>(&rows);
    let mut new: Vec<Value> = (30..60).map(list_row).collect();
    new[2]["tags"] = json!(["red", "violet", "red"]);
    new[3]["ids"] = json!([4, 4]);
    recorded::check("lists", &model, &new);
}

#[test]
fn recorded_cut_texts() {
    let row = |genres: &str, words: &str| json!({"genres": genres, "words": words, "target": 0.0});
    let rows = [row("Action|Comedy", "a bb c"), row("Comedy", "a"), row("Drama|Action", "c c c c")];
    let model = fitted::<Cut>(&rows);
    let new = [
        row("Action| Comedy||", " a   bb\tc d"),
        row("", ""),
        row("Sci Fi|Drama", "zz"),
        row(" | ", "  "),
        row("Drama", "c a bb"),
    ];
    recorded::check("cut_texts", &model, &new);
}

/// Pictures.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Pictures {
    #[input(resize(4, 20))]
    #[output]
    wide: Image<3>,
    #[input(resize(20, 5, nearest), rescale(1.0 / 255.0))]
    #[output]
    nearest: Image<3>,
    #[input(center_crop(6, 5), flip(both), normalize(mean = [1.0, 2.0, 3.0], std = [3.0, 0.7, 9.0]))]
    #[output]
    middle: Image<3>,
    #[input(resize(8, 9), random_crop(5, 6), contrast(0.2), missing = zeros)]
    #[output]
    cropped: Option<Image<3>>,
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

/// A picture of 9 by 13 pixels: the path of its file, and its values, channels first.
fn picture(folder: &std::path::Path, row: usize) -> (String, Value) {
    let (height, width) = (9, 13);
    let byte = |index: usize| (noise(row, index) * 256.0) as u8;
    let pixels: Vec<u8> = (0..height * width * 3).map(byte).collect();
    let path = folder.join(format!("{row}.png"));
    let file = std::fs::File::create(&path).unwrap();
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let at = |channel: usize, y: usize, x: usize| pixels[(y * width + x) * 3 + channel];
    let line = |channel: usize, y: usize| (0..width).map(|x| at(channel, y, x)).collect();
    let lines = |channel: usize| (0..height).map(|y| line(channel, y)).collect();
    let channels: Vec<Vec<Vec<u8>>> = (0..3).map(lines).collect();
    (path.to_string_lossy().into_owned(), json!(channels))
}

#[test]
fn recorded_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let row = |row: usize| {
        let (path, pixels) = picture(folder.path(), row);
        let mut row = json!({"x": 1.0, "y": 2.0, "cropped": null, "cropped.pixels": null});
        for field in ["wide", "nearest", "middle"] {
            row[field] = json!(path);
            row[format!("{field}.pixels")] = pixels.clone();
        }
        row
    };
    let mut rows: Vec<Value> = (0..3).map(row).collect();
    for row in &mut rows[..2] {
        row["cropped"] = row["wide"].clone();
        row["cropped.pixels"] = row["wide.pixels"].clone();
    }
    let model = fitted::<Pictures>(&rows);
    recorded::check("pictures", &model, &rows);
}
