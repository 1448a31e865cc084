//! The multi-input side of the comparison of rows per second with polars and PyTorch's
//! `DataLoader`: a file that streams from disk through `Trainer::fit_from`, as a user writes it.
//! The model is minimal, so that reading rows dominates; its steps are included.
//!
//! ```sh
//! runtime/benches/peers/rows.py               # both sides alternately, as ratios
//! cargo bench --bench rows --features parquet -- trips.csv 1024 2
//! ```

#[path = "../support/mod.rs"]
mod support;

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Instant,
};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    data::{Csv, Source},
    prelude::*,
    Result,
};

/// Ten numbers, two categories and a target, as `rows.py` writes them.
#[multi_input_model(allow(linear_stack))]
pub struct Trip {
    #[input(standardize, columns("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"))]
    numbers: [f32; 10],

    #[input(categories(64))]
    #[branch(Embedding(64, 1))]
    city: String,

    #[input(categories(16))]
    #[branch(Embedding(16, 1))]
    vehicle: String,

    #[merge(concat(numbers, city, vehicle))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

const USAGE: &str = "usage: rows FILE.csv|FILE.parquet BATCH PASSES";

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let words: Vec<String> = support::arguments().collect();
    let [file, batch, passes] = words.as_slice() else { return Err(USAGE.into()) };
    let (batch, passes) = (batch.parse()?, passes.parse()?);
    let times = match file.ends_with(".parquet") {
        #[cfg(feature = "parquet")]
        true => passes_over(&multi_input::data::Parquet::new(file), batch, passes)?,
        _ => passes_over(&Csv::new(file), batch, passes)?,
    };
    let of_passes = times.windows(2).map(|pair| pair[1] - pair[0]);
    let each: Vec<String> = of_passes.map(|seconds| format!("{seconds:.4}")).collect();
    println!("result: first={:.4} passes={}", times[0], each.join(","));
    Ok(())
}

/// Seconds until the first batch was ready, with fitted preprocessing, and until the end of each
/// pass.
fn passes_over<S: Source<Row = TripSample>>(
    source: &S,
    batch: usize,
    passes: usize,
) -> Result<Vec<f64>> {
    let clock = Clock { start: Instant::now(), times: Arc::default() };
    let times = clock.times.clone();
    Trainer::new(Adam::new(1e-3))
        .batch_size(batch)
        .epochs(passes)
        .progress(Progress::silent())
        .callback(clock)
        .fit_from(&mut Trip::build(&Cpu::default(), Seed(1)), source)?;
    let times = times.lock().map_or_else(|poisoned| poisoned.into_inner().clone(), |t| t.clone());
    Ok(times)
}

/// Records the time at the start of training and after every epoch.
struct Clock {
    start: Instant,
    times: Arc<Mutex<Vec<f64>>>,
}

impl Callback<Trip> for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Trip>) -> Result<Flow> {
        if matches!(event, Event::Started | Event::EpochEnded { .. }) {
            if let Ok(mut times) = self.times.lock() {
                times.push(self.start.elapsed().as_secs_f64());
            }
        }
        Ok(Flow::Continue)
    }
}
