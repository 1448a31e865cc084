//! Two towers: how many stars will a reader give a book?
//!
//! ```sh
//! cargo run --release --example recommender
//! cargo run --release --example recommender -- --seeds 3
//! ```
//!
//! No file of ratings comes with a crate, so these are **made up**: a fixed seed draws 20,000
//! readers and 4,000 books with hidden tastes, of which the model's features tell a part, and each
//! reader rates about ten books with an error of half a star. So the best possible RMSE is known, 0.5.
//! Beside the model stands what every recommender has to beat: the mean, moved by how the reader
//! and the book are rated on average.

#[path = "../support/arguments.rs"]
mod arguments;
#[path = "../support/mean.rs"]
mod mean;
mod ratings;

use mean::mean;
use multi_input::prelude::*;
use ratings::{ratings, BOOKS, READERS};

/// A reader's tower and a book's, each of an identity and of features, and their product.
#[multi_input_model]
#[derive(Clone)]
pub struct Rating {
    #[input]
    #[branch(Embedding(20_000, 16))]
    reader: u32,

    /// What the reader said when signing up.
    #[input(standardize)]
    #[branch(Dense(16, relu))]
    profile: [f32; 2],

    #[merge(concat(reader, profile))]
    #[branch(Dense(16))]
    reader_tower: _,

    #[input]
    #[branch(Embedding(4_000, 16))]
    book: u32,

    /// What the publisher says of the book.
    #[input(standardize)]
    #[branch(Dense(16, relu))]
    blurb: [f32; 2],

    #[merge(concat(book, blurb))]
    #[branch(Dense(16))]
    book_tower: _,

    /// How well they go together.
    #[merge(dot(reader_tower, book_tower))]
    harmony: f32,

    /// How kind the reader is and how good the book.
    #[merge(concat(reader_tower, book_tower, harmony))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(rmse, r2), standardize)]
    stars: f32,
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(1);
    if arguments.file.is_some() {
        eprintln!("the ratings are made up: no file is read");
        std::process::exit(2);
    }
    let rows = ratings();
    println!("{}", Rating::summary());

    let (mut rmse, mut rmse_means) = (Vec::new(), Vec::new());
    for seed in (0..arguments.seeds).map(Seed) {
        let (train, test) = rows.clone().split(0.8, seed);
        let (train, validation) = train.split(0.9, seed);
        let mut model = Rating::build(&Cpu::default(), seed);
        Trainer::new(Adam::new(2e-3))
            .epochs(20)
            .batch_size(256)
            .seed(seed)
            .validation_data(&validation)
            .callback(EarlyStopping::on(Monitor::val_loss()).patience(2).restore_best())
            .progress(Progress::silent())
            .fit(&mut model, &train)?;
        let evaluation = model.evaluate(&test)?;
        rmse.push(evaluation.get("rmse").unwrap_or(f64::NAN));
        rmse_means.push(of_means(&train, &test));
        println!(
            "seed {:2}: {evaluation}, rmse of the means {:.4}",
            seed.0,
            rmse_means[rmse_means.len() - 1]
        );
    }
    println!(
        "result: rmse={:.4} rmse_means={:.4} rmse_best=0.5000",
        mean(&rmse),
        mean(&rmse_means)
    );
    Ok(())
}

/// The error of mean + reader's mean deviation + book's, both shrunk as if by five ratings at the
/// mean.
fn of_means(train: &[RatingSample], test: &[RatingSample]) -> f64 {
    let all = mean(&train.iter().map(|row| f64::from(row.stars)).collect::<Vec<_>>());
    let deviations =
        |count: usize, key: fn(&RatingSample) -> u32, rest: &dyn Fn(&RatingSample) -> f64| {
            let mut sums = vec![(0.0, 5.0); count];
            for row in train {
                let sum = &mut sums[key(row) as usize];
                *sum = (sum.0 + rest(row), sum.1 + 1.0);
            }
            sums.into_iter().map(|(sum, count)| sum / count).collect::<Vec<f64>>()
        };
    let stars = |row: &RatingSample| f64::from(row.stars) - all;
    let books = deviations(BOOKS, |row| row.book, &stars);
    let rest = |row: &RatingSample| stars(row) - books[row.book as usize];
    let readers = deviations(READERS, |row| row.reader, &rest);
    let error = |row: &RatingSample| (rest(row) - readers[row.reader as usize]).powi(2);
    mean(&test.iter().map(error).collect::<Vec<_>>()).sqrt()
}
