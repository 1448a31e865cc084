//! Two towers, trained by several processes: each of them computes a part of every batch, and holds a
//! part of the rows of the tables.
//!
//! ```sh
//! cargo run --release --example cluster
//! cargo build --release --example cluster --features mpi
//! mpirun -n 2 target/release/examples/cluster
//! ```
//!
//! Without the feature `mpi`, or without `mpirun`, there is one process. The result is the same to the
//! last bit, because every batch consists of four virtual shards, on any number of processes. The ratings are
//! made up, as those of `recommender`.

#[path = "../support/arguments.rs"]
mod arguments;
#[path = "../support/mean.rs"]
mod mean;
mod ratings;

use mean::mean;
use multi_input::{cluster::Cluster, prelude::*};
use ratings::ratings;

/// A reader's tower and a book's, each of an identity and of features, and their product.
#[multi_input_model]
#[derive(Clone)]
pub struct Rating {
    #[input]
    #[branch(Embedding(20_000, 16, sharded))]
    reader: u32,

    #[input(standardize)]
    profile: [f32; 2],

    #[merge(concat(reader, profile))]
    #[branch(Dense(16))]
    reader_tower: _,

    #[input]
    #[branch(Embedding(4_000, 16, sharded))]
    book: u32,

    #[input(standardize)]
    blurb: [f32; 2],

    #[merge(concat(book, blurb))]
    #[branch(Dense(16))]
    book_tower: _,

    #[merge(dot(reader_tower, book_tower))]
    harmony: f32,

    #[merge(concat(reader_tower, book_tower, harmony))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(rmse, r2), standardize)]
    stars: f32,
}

/// The processes of `mpirun`, or this one alone.
fn world() -> multi_input::Result<Cluster> {
    #[cfg(feature = "mpi")]
    return Cluster::mpi();
    #[cfg(not(feature = "mpi"))]
    return Ok(Cluster::alone());
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(1);
    let world = world()?;
    if arguments.file.is_some() {
        eprintln!("the ratings are made up: no file is read");
        std::process::exit(2);
    }
    let rows = ratings();

    let (mut rmse, mut rmse_mean) = (Vec::new(), Vec::new());
    for seed in (0..arguments.seeds).map(Seed) {
        let (train, test) = rows.clone().split(0.8, seed);
        let mut model = Model::<Rating>::build_on(&world, &Cpu::default(), seed)?;
        Trainer::new(Adam::new(2e-3))
            .epochs(3)
            .batch_size(512)
            .seed(seed)
            .virtual_shards(4)
            .on(&world)
            .fit(&mut model, &train)?;
        // All ranks evaluate: each has rows that the others look up.
        rmse.push(model.evaluate(&test)?.get("rmse").unwrap_or(f64::NAN));
        let stars: Vec<f64> = train.iter().map(|row| f64::from(row.stars)).collect();
        let errors: Vec<f64> =
            test.iter().map(|row| (f64::from(row.stars) - mean(&stars)).powi(2)).collect();
        rmse_mean.push(mean(&errors).sqrt());
    }
    if world.is_main() {
        println!("result: rmse={:.4} rmse_mean={:.4}", mean(&rmse), mean(&rmse_mean));
    }
    Ok(())
}
