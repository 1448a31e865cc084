//! A model that a page runs in the browser, without a server: how far will a patient's diabetes progress?
//!
//! ```sh
//! cargo run --release --example browser      # trains, and writes target/browser/model.onnx
//! just browser                               # and builds the page around it, and tests it in Chromium
//! ```
//!
//! The file holds the preprocessing, so the page (`page/`) takes what a person would type: a name of a
//! category, a number in its own unit, a panel that is not known. It makes its form of the file's
//! metadata and knows nothing of the model. `rows.json` beside it has rows and the predictions of this
//! program, with which the test compares the page.

#[path = "../diabetes/diabetes.rs"]
mod diabetes;

use std::{fs, path::PathBuf};

use multi_input::prelude::*;
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

/// A row and what the model predicts for it.
#[derive(Serialize)]
struct Predicted {
    row: ProgressionInputs,
    prediction: ProgressionOutputs,
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
    let failed =
        |error| multi_input::Error::File { action: "write", path: folder.clone(), source: error };
    fs::create_dir_all(&folder).map_err(failed)?;
    model.export_onnx(folder.join("model.onnx"))?;
    let rows: Vec<ProgressionInputs> = test.iter().cloned().map(Into::into).chain(odd()).collect();
    let predictions = model.predict(&rows)?;
    let all: Vec<Predicted> = rows
        .into_iter()
        .zip(predictions)
        .map(|(row, prediction)| Predicted { row, prediction })
        .collect();
    let text = serde_json::to_string(&all).map_err(|error| failed(error.into()))?;
    fs::write(folder.join("rows.json"), text).map_err(failed)?;

    let rmse = model.evaluate(&test)?.get("rmse").unwrap_or(f64::NAN);
    println!("result: rmse={rmse:.2} rows={}", all.len());
    Ok(())
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
