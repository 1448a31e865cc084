//! A model that a page runs in the browser, without a server: how far will a patient's diabetes progress?
//!
//! ```sh
//! cargo run --release --example browser      # trains, and writes target/browser/model.onnx
//! just browser                               # and builds the page around it, and tests it in Chromium
//! ```
//!
//! The file holds the preprocessing, so the page (`page/`) takes what a person would type: a name of a
//! category, a number in its own unit, a panel that is not known. It makes its form of the file's
//! metadata and knows nothing of the model. `model.json` beside it has rows and the predictions of this
//! program, with which the test compares the page.

#[path = "../diabetes/diabetes.rs"]
mod diabetes;

use std::{
    fs,
    path::{Path, PathBuf},
};

use multi_input::{data::chrono::NaiveDate, prelude::*};
use serde::Serialize;

/// The disease's progression from measurements, some of which may be missing.
#[multi_input_model(export = onnx)]
#[derive(Clone, Serialize)]
pub struct Progression {
    /// Age, body-mass index and mean blood pressure, centred and scaled
    #[input(standardize, columns("age", "bmi", "bp"))]
    vitals: [f32; 3],

    /// Sex, as the study's file has it
    #[input(categories(4))]
    #[branch(Embedding(4, 2))]
    sex: String,

    /// Blood pressure above the mean
    #[input]
    high_pressure: bool,

    /// Six values of the blood serum
    #[input(standardize, missing = zeros, columns("s1", "s2", "s3", "s4", "s5", "s6"))]
    #[branch(Dense(8, relu))]
    serum: Option<[f32; 6]>,

    #[merge(concat(vitals, sex, high_pressure, serum, present(serum)))]
    #[branch(Dense(16, tanh, l2 = 1e-2))]
    joined: _,

    /// Progression of the disease after a year, 25 to 346
    #[from(joined)]
    #[branch(Dense(1, l2 = 1e-2))]
    #[output(loss = mse, metrics(rmse), standardize)]
    progression: f32,
}

/// A second model, for the other controls of the form: a date, a list, and classes with labels.
#[multi_input_model(export = onnx)]
#[derive(Clone, Serialize)]
pub struct Season {
    /// Any day
    #[input(calendar(month_cycle))]
    day: NaiveDate,

    /// Temperatures, any number of them
    #[input(pad(8))]
    #[branch(LSTM(4))]
    temperatures: Vec<f32>,

    /// The season of the day
    #[merge(concat(day, temperatures))]
    #[branch(Dense(8, tanh), Dense(4))]
    #[output(loss = cross_entropy, categories)]
    season: Class<4>,
}

/// A row and what the model predicts for it.
#[derive(Serialize)]
struct Predicted<Inputs, Outputs> {
    row: Inputs,
    prediction: Outputs,
}

fn main() -> multi_input::Result<()> {
    let (train, test) = study().split(0.8, Seed(7));
    let mut model = Progression::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(1e-2))
        .epochs(100)
        .batch_size(64)
        .validation_split(0.2)
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(20).restore_best())
        .fit(&mut model, &train)?;

    let folder: PathBuf = std::env::args_os().nth(1).map_or("target/browser".into(), Into::into);
    fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
    let rows: Vec<ProgressionInputs> = test.iter().cloned().map(Into::into).chain(odd()).collect();
    let written = write(&model, rows, &folder, "model")?;
    let rmse = model.evaluate(&test)?.get("rmse").unwrap_or(f64::NAN);

    let days = year();
    let mut model = Season::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(1e-2)).epochs(20).progress(Progress::silent()).fit(&mut model, &days)?;
    let rows = days.into_iter().step_by(61).map(Into::into).collect();
    let seasons = write(&model, rows, &folder, "season")?;
    println!("result: rmse={rmse:.2} rows={}", written + seasons);
    Ok(())
}

/// Exports a model, and writes rows with their predictions beside it. Returns their number.
fn write<M: Network>(
    model: &Model<M>,
    rows: Vec<M::Inputs>,
    folder: &Path,
    name: &str,
) -> multi_input::Result<usize>
where
    M::Inputs: Serialize,
    M::Outputs: Serialize,
{
    model.export_onnx(folder.join(format!("{name}.onnx")))?;
    let predictions = model.predict(&rows)?;
    let pairs = rows.into_iter().zip(predictions);
    let all: Vec<_> = pairs.map(|(row, prediction)| Predicted { row, prediction }).collect();
    let path = folder.join(format!("{name}.json"));
    let text = serde_json::to_string(&all).map_err(|error| failed(&path, error.into()))?;
    fs::write(&path, text).map_err(|source| failed(&path, source))?;
    Ok(all.len())
}

fn failed(path: &Path, source: std::io::Error) -> multi_input::Error {
    multi_input::Error::File { action: "write", path: path.to_owned(), source }
}

/// The days of a year with some made-up temperatures.
fn year() -> Vec<SeasonSample> {
    let start = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default();
    let days = start.iter_days().take(365).enumerate();
    let of_day = |(index, day): (usize, NaiveDate)| {
        let season = ["winter", "spring", "summer", "autumn"][index * 4 / 365];
        let warmth = -10.0 * (index as f32 / 365.0 * std::f32::consts::TAU).cos() + 10.0;
        let temperatures = (0..index % 10).map(|hour| warmth + hour as f32 * 0.5).collect();
        SeasonSample { day, temperatures, season: season.to_owned() }
    };
    days.map(of_day).collect()
}

/// Rows with a category that training has not seen, and with numbers far outside of its range.
fn odd() -> [ProgressionInputs; 2] {
    let row = |sex: &str, vitals| ProgressionInputs {
        vitals,
        sex: sex.to_owned(),
        high_pressure: true,
        serum: None,
    };
    [row("unknown", [0.01, -0.02, 0.03]), row("male", [-5.0, 12.5, 0.0])]
}

/// The study's patients. Every third has no serum panel.
fn study() -> Vec<ProgressionSample> {
    let row = |(index, patient): (usize, diabetes::Patient)| ProgressionSample {
        vitals: patient.vitals,
        sex: if patient.sex == 0 { "female" } else { "male" }.to_owned(),
        high_pressure: patient.vitals[2] > 0.0,
        serum: (index % 3 > 0).then_some(patient.serum),
        progression: patient.progression,
    };
    diabetes::patients().into_iter().enumerate().map(row).collect()
}
