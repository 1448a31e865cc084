//! How sure is a prediction? Intervals that hold the truth nine times out of ten.
//!
//! ```sh
//! cargo run --release --example uncertainty
//! cargo run --release --example uncertainty -- my_patients.csv --seeds 5
//! ```
//!
//! Of the patients of the diabetes study three fifths train, a fifth calibrates, and a fifth tests.
//! One model predicts the progression alone, another one its quantiles of 5 %, 50 % and 95 %
//! (pinball loss). Three intervals are compared by the share of test rows that they hold
//! (coverage), and by their mean width:
//!
//! - between the quantiles as they are predicted: nothing guarantees their coverage;
//! - the same after conformal calibration, which does (conformalized quantile regression);
//! - about the prediction of the first model, with one width for all patients (split conformal).

#[path = "../support/arguments.rs"]
mod arguments;
mod diabetes;
#[path = "../support/mean.rs"]
mod mean;
#[path = "../support/trained.rs"]
mod trained;

use mean::mean;
use multi_input::{
    prelude::*,
    uncertainty::{Conformal, Interval},
};
use trained::trained;

/// The share of rows that an interval shall hold.
const COVERAGE: f64 = 0.9;

/// Predicts the progression.
#[multi_input_model]
#[derive(Clone)]
pub struct Point {
    /// Age, body-mass index, blood pressure and six serum values.
    #[input(standardize, columns("age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"))]
    measurements: [f32; 9],

    /// 0 or 1.
    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[merge(concat(measurements, sex))]
    #[branch(Dense(16, tanh, l2 = 1e-2), Dense(1, l2 = 1e-2))]
    #[output(loss = mse, standardize)]
    progression: f32,
}

/// Predicts three quantiles of the progression.
#[multi_input_model]
#[derive(Clone)]
pub struct Spread {
    #[input(standardize)]
    measurements: [f32; 9],

    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    #[merge(concat(measurements, sex))]
    #[branch(Dense(16, tanh, l2 = 1e-2), Dense(3, l2 = 1e-2))]
    #[output(loss = quantile(0.05, 0.5, 0.95), standardize)]
    progression: f32,
}

/// Coverage and mean width of one kind of interval, over the seeds.
#[derive(Default)]
struct Measured {
    coverage: Vec<f64>,
    width: Vec<f64>,
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(20);
    let rows: Vec<PointSample> = match &arguments.file {
        Some(file) => read_csv(file)?,
        None => study(),
    };
    println!("{}", Spread::summary());
    println!("seed  quantiles          calibrated         one width");
    let mut measured: [Measured; 3] = Default::default();
    for seed in (0..arguments.seeds).map(Seed) {
        let kinds = intervals(&rows, seed)?;
        print!("{:4}", seed.0);
        for (kind, measured) in kinds.iter().zip(&mut measured) {
            let held = kind.iter().map(|(y, interval)| f64::from(u8::from(interval.contains(*y))));
            let coverage = mean(&held.collect::<Vec<_>>());
            let width =
                mean(&kind.iter().map(|(_, interval)| interval.width()).collect::<Vec<_>>());
            print!("  {:5.1} % of {width:6.1}", 100.0 * coverage);
            measured.coverage.push(coverage);
            measured.width.push(width);
        }
        println!();
    }
    let [quantiles, calibrated, one_width] = measured
        .map(|all| format!("coverage={:.3} width={:.1}", mean(&all.coverage), mean(&all.width)));
    println!(
        "result: {} {} {}",
        quantiles.replace('=', "_quantiles="),
        calibrated.replace('=', "_calibrated="),
        one_width.replace('=', "_one_width="),
    );
    Ok(())
}

/// The test targets with their intervals, of each of the three kinds.
fn intervals(rows: &[PointSample], seed: Seed) -> multi_input::Result<[Vec<(f32, Interval)>; 3]> {
    let (train, others) = rows.to_vec().split(0.6, seed);
    let (calibration, test) = others.split(0.5, seed);
    let [spread_train, spread_calibration, spread_test] =
        [&train, &calibration, &test].map(|rows| rows.iter().map(Spread::row).collect::<Vec<_>>());

    let spread = trained::<Spread>(&spread_train, seed)?;
    let calibrated = Conformal::fit(&spread, &spread_calibration, COVERAGE)?;
    let (mut between, mut after) = (Vec::new(), Vec::new());
    for (row, predicted) in spread_test.iter().zip(predictions(&spread, &spread_test)?) {
        let quantiles = predicted.progression;
        let (low, high) = (quantiles.quantile::<0>(), quantiles.quantile::<2>());
        between.push((row.progression, Interval { low: low.into(), high: high.into() }));
        after.push((row.progression, calibrated.interval(Spread::progression, &quantiles)?));
    }

    let point = trained::<Point>(&train, seed)?;
    let conformal = Conformal::fit(&point, &calibration, COVERAGE)?;
    let predicted = predictions(&point, &test)?;
    let about = test.iter().zip(predicted).map(|(row, predicted)| {
        let interval = conformal.interval(Point::progression, &predicted.progression)?;
        Ok((row.progression, interval))
    });
    Ok([between, after, about.collect::<multi_input::Result<_>>()?])
}

fn predictions<M: Network<f32, Cpu>>(
    model: &Model<M>,
    rows: &[M::Sample],
) -> multi_input::Result<Vec<M::Outputs>>
where
    M::Sample: Clone,
    M::Inputs: From<M::Sample>,
{
    model.predict(&rows.iter().cloned().map(Into::into).collect::<Vec<_>>())
}

impl Spread {
    fn row(row: &PointSample) -> SpreadSample {
        let PointSample { measurements, sex, progression } = *row;
        SpreadSample { measurements, sex, progression }
    }
}

/// The study's patients as rows of the model.
fn study() -> Vec<PointSample> {
    let row = |patient: diabetes::Patient| {
        let [age, bmi, bp] = patient.vitals;
        let [s1, s2, s3, s4, s5, s6] = patient.serum;
        PointSample {
            measurements: [age, bmi, bp, s1, s2, s3, s4, s5, s6],
            sex: patient.sex,
            progression: patient.progression,
        }
    };
    diabetes::patients().into_iter().map(row).collect()
}
