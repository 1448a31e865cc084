//! Everything around a training run, on the diabetes study: a learning rate, a run that can be
//! broken off and goes on, logs, pictures, importance, and one page with all of it.
//!
//! ```sh
//! cargo run --release --example training
//! cargo run --release --example training -- my_patients.csv
//! ```
//!
//! Break it off with a kill and call it again: it goes on, and ends with the same bits. What it
//! writes is in the folder `target/training_run`.

#[path = "../support/arguments.rs"]
mod arguments;
mod diabetes;

use std::path::Path;

use multi_input::prelude::*;

/// Predicts the progression from what was measured.
#[multi_input_model]
#[derive(Clone)]
pub struct Progression {
    #[input(standardize, columns("age", "bmi", "bp"))]
    vitals: [f32; 3],

    /// May be missing: it is taken away from a tenth of the rows in training.
    #[input(standardize, missing = learned, columns("s1", "s2", "s3", "s4", "s5", "s6"))]
    #[branch(Dense(6, l2 = 1e-3))]
    serum: Option<[f32; 6]>,

    /// 0 or 1.
    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[merge(concat(vitals, serum, sex))]
    #[branch(Dense(16, relu, l2 = 1e-3))]
    patient: _,

    #[from(patient)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = 80.0), metrics(mae, r2), standardize)]
    progression: f32,
}

const FOLDER: &str = "target/training_run";

fn main() -> multi_input::Result<()> {
    let rows: Vec<ProgressionSample> = match arguments::read(1).file {
        Some(file) => read_csv(file)?,
        None => study(),
    };
    let (train, test) = rows.split(0.8, Seed(1));
    let folder = Path::new(FOLDER);
    let mut model = Progression::build(&Cpu::default(), Seed(7));

    let rates = Trainer::new(Adam::new(1e-3)).find_learning_rate(&mut model, &train)?;
    let rate = rates.suggestion().unwrap_or(1e-3).min(1e-2);
    println!("learning rate: {rate:.1e}");

    let steps = 60 * train.len().div_ceil(32) as u64;
    let history = Trainer::new(Adam::new(rate))
        .epochs(60)
        .validation_split(0.2)
        .seed(Seed(7))
        .clip(Clip::GlobalNorm(5.0))
        .drop_input(Progression::serum, 0.1)
        .resume(folder)
        .callback(LearningRateSchedule::by_step(Schedule::cosine(rate, steps).warm_up(0.0, 30)))
        .callback(Checkpoint::in_folder(folder).every_epochs(5).best(Monitor::val_loss()))
        .callback(CsvLog::to(folder.join("log.csv")))
        .callback(TensorBoard::in_folder(folder.join("board")))
        .callback(
            EarlyStopping::on(Monitor::val(Progression::progression, metric::Mae))
                .patience(20)
                .restore_best(),
        )
        .fit(&mut model, &train)?;

    let importance = Importance::by_permutation(&model, &test, 10, Seed(7))?;
    println!("{importance}");
    rates.plot(folder.join("rates.svg"))?;
    history.plot(folder.join("loss.svg"))?;
    Progression::diagram(folder.join("model.svg"))?;
    let page = folder.join("report.html");
    Report::new(&model).history(&history).rows(&test)?.importance(&importance).write(&page)?;

    let evaluation = model.evaluate(&test)?;
    println!("{evaluation}; see {}", page.display());
    println!(
        "result: epochs={} r2={:.4}",
        history.epochs.len(),
        evaluation.get("r2").unwrap_or(f64::NAN)
    );
    Ok(())
}

/// The study's patients as rows of the model.
fn study() -> Vec<ProgressionSample> {
    let row = |patient: diabetes::Patient| ProgressionSample {
        vitals: patient.vitals,
        serum: Some(patient.serum),
        sex: patient.sex,
        progression: patient.progression,
    };
    diabetes::patients().into_iter().map(row).collect()
}
