//! Numbers and a category: how far will a patient's diabetes progress?
//!
//! ```sh
//! cargo run --release --example tabular
//! cargo run --release --example tabular -- my_patients.csv --seeds 5
//! ```
//!
//! Over twenty seeds, a fifth of the patients is held out, and the model is compared with ordinary
//! least squares on the same rows. There are 353 rows to train on, which is little: the seed's
//! unregularised branches fit noise. What helps here is what helps in Keras: weight decay on the
//! kernels, dropout, and a linear path beside the deep one.

#[path = "../support/arguments.rs"]
mod arguments;
mod diabetes;
mod least_squares;
#[path = "../support/mean.rs"]
mod mean;

use least_squares::LeastSquares;
use mean::mean;
use multi_input::prelude::*;

/// Predicts the progression from nine measurements and the patient's sex.
#[multi_input_model]
#[derive(Clone)]
pub struct Diabetes {
    /// Age, body-mass index, blood pressure and six serum values.
    #[input(standardize, columns("age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"))]
    measurements: [f32; 9],

    /// 0 or 1.
    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[merge(concat(measurements, sex))]
    patient: [f32; 11],

    /// What is linear in the measurements.
    #[from(patient)]
    #[branch(Dense(1, l2 = 1e-3))]
    linear: f32,

    /// What is not.
    #[from(patient)]
    #[branch(Dense(32, relu, l2 = 1e-2), Dropout(0.3), Dense(1, l2 = 1e-2))]
    curved: f32,

    #[merge(add(linear, curved))]
    #[output(loss = mse, metrics(r2, rmse), standardize)]
    progression: f32,
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(20);
    let rows = match &arguments.file {
        Some(file) => read_csv(file)?,
        None => study(),
    };
    println!("{}", Diabetes::summary());

    let (mut r2, mut rmse, mut r2_linear) = (Vec::new(), Vec::new(), Vec::new());
    for seed in (0..arguments.seeds).map(Seed) {
        let (train, test) = rows.clone().split(0.8, seed);
        let evaluation = fit(&train, seed)?.evaluate(&test)?;
        r2.push(evaluation.get("r2").unwrap_or(f64::NAN));
        rmse.push(evaluation.get("rmse").unwrap_or(f64::NAN));
        r2_linear.push(linear_r2(&train, &test));
        println!(
            "seed {:2}: {evaluation}, r2 of least squares {:.4}",
            seed.0,
            r2_linear[r2_linear.len() - 1]
        );
    }
    println!(
        "result: r2={:.4} r2_linear={:.4} rmse={:.2}",
        mean(&r2),
        mean(&r2_linear),
        mean(&rmse)
    );
    Ok(())
}

/// A model trained on the given rows.
fn fit(train: &[DiabetesSample], seed: Seed) -> multi_input::Result<Model<Diabetes>> {
    let mut model = Diabetes::build(&Cpu::default(), seed);
    Trainer::new(Adam::new(3e-3))
        .epochs(60)
        .batch_size(32)
        .seed(seed)
        .progress(Progress::silent())
        .fit(&mut model, train)?;
    Ok(model)
}

/// The study's patients as rows of the model.
fn study() -> Vec<DiabetesSample> {
    let row = |patient: diabetes::Patient| {
        let [age, bmi, bp] = patient.vitals;
        let [s1, s2, s3, s4, s5, s6] = patient.serum;
        DiabetesSample {
            measurements: [age, bmi, bp, s1, s2, s3, s4, s5, s6],
            sex: patient.sex,
            progression: patient.progression,
        }
    };
    diabetes::patients().into_iter().map(row).collect()
}

/// The share of the test targets' variance that least squares explains.
fn linear_r2(train: &[DiabetesSample], test: &[DiabetesSample]) -> f64 {
    let features = |row: &DiabetesSample| -> Vec<f64> {
        row.measurements.iter().map(|x| f64::from(*x)).chain([f64::from(row.sex)]).collect()
    };
    let targets = |rows: &[DiabetesSample]| -> Vec<f64> {
        rows.iter().map(|row| f64::from(row.progression)).collect()
    };
    let rows: Vec<_> = train.iter().map(features).collect();
    let fitted = LeastSquares::fit(&rows, &targets(train));
    let actual = targets(test);
    let center = mean(&actual);
    let squares = |errors: &mut dyn Iterator<Item = f64>| errors.map(|e| e * e).sum::<f64>();
    let residual = squares(
        &mut test.iter().map(|row| f64::from(row.progression) - fitted.predict(&features(row))),
    );
    1.0 - residual / squares(&mut actual.iter().map(|y| y - center))
}
