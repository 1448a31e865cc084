//! Hot paths that the models of `peers` do not show separately, one command per line of standard
//! input, so that `.ci/instructions` can count their instructions:
//!
//! ```text
//! csv ROWS            writes a CSV text and reads it
//! encode ROWS TIMES   makes tables of rows, preprocesses them, and trains on one of them
//! embedding EPOCHS    two steps per epoch with a table much larger than a batch
//! ```
//!
//! ```sh
//! echo csv 1000 | cargo bench --bench hot
//! ```

mod support;

use std::{fmt::Write, io};

use multi_input::{data::read_csv_from, prelude::*, Result};

use support::{clock, random::Random};

/// Typical table data: standardized numbers, categories, missing values.
#[multi_input_model]
#[derive(Clone)]
pub struct House {
    #[input(standardize, columns("rooms", "age", "area", "distance"))]
    measurements: [f32; 4],

    #[input(categories(8))]
    #[branch(Embedding(8, 4))]
    district: String,

    #[input(standardize, missing = mean)]
    income: Option<f32>,

    #[merge(concat(measurements, district, income))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

/// An embedding table of which a batch touches few rows, so that most updates are deferred.
#[multi_input_model]
#[derive(Clone)]
pub struct Rating {
    #[input]
    #[branch(Embedding(4096, 16))]
    user: u32,

    #[from(user)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() -> Result<()> {
    for question in io::stdin().lines() {
        let question = question.unwrap_or_default();
        let mut words = question.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let numbers: Vec<usize> = words.map_while(|word| word.parse().ok()).collect();
        match (verb, numbers.as_slice()) {
            ("csv", [rows]) => println!("{} rows", houses(*rows)?.len()),
            ("encode", [rows, times]) => encode(&houses(*rows)?, *times)?,
            ("embedding", [epochs]) => embed(*epochs)?,
            _ => println!("`{question}` is no question"),
        }
    }
    Ok(())
}

/// Reads rows from a generated CSV text.
fn houses(rows: usize) -> Result<Vec<HouseSample>> {
    let (mut text, random) =
        (String::from("rooms,age,area,distance,district,income,price\n"), &mut Random(0));
    for _ in 0..rows {
        let [rooms, age, area, distance, income, price] = random.fractions();
        let district = ["north", "east", "south", "west"][random.below(4) as usize];
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{rooms},{age},{area},{distance},{district},");
        let _ = match random.below(4) {
            0 => writeln!(text, ",{price}"),
            _ => writeln!(text, "{income},{price}"),
        };
    }
    read_csv_from(text.as_bytes(), "houses")
}

/// Trains for one step of one row, so that the encoding of all rows dominates.
fn encode(rows: &[HouseSample], times: usize) -> Result<()> {
    let mut model = House::build(&Cpu::default(), Seed(0));
    for _ in 0..times {
        Trainer::new(Adam::new(1e-3))
            .epochs(1)
            .steps_per_epoch(1)
            .batch_size(1)
            .progress(Progress::silent())
            .fit(&mut model, rows)?;
    }
    println!("{} rows", rows.len());
    Ok(())
}

/// Trains on two batches per epoch.
fn embed(epochs: usize) -> Result<()> {
    let random = &mut Random(0);
    let row = |_| RatingSample { user: random.below(4096) as u32, stars: random.fraction() };
    let rows: Vec<_> = (0..64).map(row).collect();
    println!("{} epochs", clock::epochs::<Rating>(&rows, 32, epochs)?.len());
    Ok(())
}
