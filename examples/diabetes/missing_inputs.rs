//! An input that may be missing: the serum panel was taken of half the patients only.
//!
//! ```sh
//! cargo run --release --example missing_inputs
//! cargo run --release --example missing_inputs -- my_patients.csv --seeds 5
//! ```
//!
//! Vitals and sex are always known; for a random half of the patients the panel is taken away.
//! Four errors are compared: with the optional panel and without it, on all test rows; with the
//! optional panel and with a model of complete rows only, on the test rows that have it.

#[path = "../support/arguments.rs"]
mod arguments;
mod diabetes;
#[path = "../support/mean.rs"]
mod mean;
#[path = "../support/trained.rs"]
mod trained;

use mean::mean;
use multi_input::prelude::*;
use trained::trained;

/// Takes the panel where there is one.
#[multi_input_model]
#[derive(Clone)]
pub struct Optional {
    /// Age, body-mass index and blood pressure.
    #[input(standardize, columns("age", "bmi", "bp"))]
    vitals: [f32; 3],

    /// 0 or 1.
    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    /// Six serum values, or six blank cells.
    #[input(standardize, missing = zeros, columns("s1", "s2", "s3", "s4", "s5", "s6"))]
    serum: Option<[f32; 6]>,

    #[merge(concat(vitals, sex, serum, present(serum)))]
    #[branch(Dense(16, tanh, l2 = 1e-2), Dense(1, l2 = 1e-2))]
    #[output(loss = mse, metrics(rmse), standardize)]
    progression: f32,
}

/// Does without the panel.
#[multi_input_model]
#[derive(Clone)]
pub struct Without {
    #[input(standardize)]
    vitals: [f32; 3],

    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[merge(concat(vitals, sex))]
    #[branch(Dense(16, tanh, l2 = 1e-2), Dense(1, l2 = 1e-2))]
    #[output(loss = mse, metrics(rmse), standardize)]
    progression: f32,
}

/// Needs the panel, so that incomplete rows are dropped.
#[multi_input_model]
#[derive(Clone)]
pub struct Dropped {
    #[input(standardize)]
    vitals: [f32; 3],

    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[input(standardize)]
    serum: [f32; 6],

    #[merge(concat(vitals, sex, serum))]
    #[branch(Dense(16, tanh, l2 = 1e-2), Dense(1, l2 = 1e-2))]
    #[output(loss = mse, metrics(rmse), standardize)]
    progression: f32,
}

/// The four root mean squared errors of one seed.
struct Errors {
    optional: f64,
    without: f64,
    optional_complete: f64,
    dropped: f64,
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(20);
    let rows: Vec<OptionalSample> = match &arguments.file {
        Some(file) => read_csv(file)?,
        None => study(),
    };
    println!("{}", Optional::summary());
    println!("seed  optional  without | complete rows: optional  dropped");
    let mut all = Vec::new();
    for seed in (0..arguments.seeds).map(Seed) {
        let errors = compare(&rows, arguments.file.is_none(), seed)?;
        println!(
            "{:4}  {:8.2}  {:7.2} | {:23.2}  {:7.2}",
            seed.0, errors.optional, errors.without, errors.optional_complete, errors.dropped
        );
        all.push(errors);
    }
    let average = |of: fn(&Errors) -> f64| mean(&all.iter().map(of).collect::<Vec<_>>());
    println!(
        "result: rmse_optional={:.2} rmse_without={:.2} rmse_optional_complete={:.2} rmse_dropped={:.2}",
        average(|errors| errors.optional),
        average(|errors| errors.without),
        average(|errors| errors.optional_complete),
        average(|errors| errors.dropped),
    );
    Ok(())
}

/// Trains all three models on the same rows. Where `take_away`, a random half loses its panel.
fn compare(rows: &[OptionalSample], take_away: bool, seed: Seed) -> multi_input::Result<Errors> {
    let rows = if take_away { without_half_of_the_panels(rows, seed) } else { rows.to_vec() };
    let (train, test) = rows.split(0.8, seed);
    let complete: Vec<OptionalSample> =
        test.iter().filter(|row| row.serum.is_some()).cloned().collect();

    let optional = trained::<Optional>(&train, seed)?;
    let without = trained::<Without>(&train.iter().map(Without::row).collect::<Vec<_>>(), seed)?;
    let dropped =
        trained::<Dropped>(&train.iter().filter_map(Dropped::row).collect::<Vec<_>>(), seed)?;
    Ok(Errors {
        optional: rmse(&optional, &test)?,
        without: rmse(&without, &test.iter().map(Without::row).collect::<Vec<_>>())?,
        optional_complete: rmse(&optional, &complete)?,
        dropped: rmse(&dropped, &complete.iter().filter_map(Dropped::row).collect::<Vec<_>>())?,
    })
}

fn rmse<M: Network<f32, Cpu>>(model: &Model<M>, rows: &[M::Sample]) -> multi_input::Result<f64> {
    Ok(model.evaluate(rows)?.get("rmse").unwrap_or(f64::NAN))
}

impl Without {
    fn row(row: &OptionalSample) -> WithoutSample {
        let OptionalSample { vitals, sex, progression, .. } = *row;
        WithoutSample { vitals, sex, progression }
    }
}

impl Dropped {
    fn row(row: &OptionalSample) -> Option<DroppedSample> {
        let OptionalSample { vitals, sex, serum, progression } = *row;
        Some(DroppedSample { vitals, sex, serum: serum?, progression })
    }
}

fn without_half_of_the_panels(rows: &[OptionalSample], seed: Seed) -> Vec<OptionalSample> {
    let (with, without) = rows.to_vec().split(0.5, Seed(1_000 + seed.0));
    let without = without.into_iter().map(|row| OptionalSample { serum: None, ..row });
    with.into_iter().chain(without).collect()
}

/// The study's patients as rows of the model.
fn study() -> Vec<OptionalSample> {
    let row = |patient: diabetes::Patient| OptionalSample {
        vitals: patient.vitals,
        sex: patient.sex,
        serum: Some(patient.serum),
        progression: patient.progression,
    };
    diabetes::patients().into_iter().map(row).collect()
}
