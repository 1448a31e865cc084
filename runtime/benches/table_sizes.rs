//! The cost of a training step with an embedding of 10 thousand to 10 million rows.
//!
//! ```sh
//! cargo bench --bench table_sizes               # up to 100 thousand rows
//! cargo bench --bench table_sizes -- all        # up to 10 million
//! cargo bench --bench table_sizes -- whole      # every row in every step, as Keras does
//! ```
//!
//! A batch of 32 looks up 32 rows, drawn uniformly: the worst case for deferred updates. Times are
//! milliseconds per step, the median of the epochs after the first: by the clock, and of processors
//! with their ratio to the smallest table. Memory is the peak resident memory during training,
//! without the memory before and without the weights.

mod support;

use std::{cell::RefCell, rc::Rc, time::Instant};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    definition::Definition,
    prelude::*,
    Result,
};

use support::busy;

const WIDTH: usize = 16;
const STEPS: usize = 1000;
const BATCH: usize = 32;
const EPOCHS: usize = 6;

/// A model with a table of `$rows` rows, and its measurement.
macro_rules! sized {
    ($module:ident, $rows:tt) => {
        mod $module {
            use super::*;

            /// A sold article: its number and four measurements.
            #[multi_input_model]
            #[derive(Clone)]
            pub(super) struct Sale {
                #[input]
                #[branch(Embedding($rows, 16))]
                article: u32,

                #[input]
                measurements: [f32; 4],

                #[merge(concat(article, measurements))]
                #[branch(Dense(16, relu), Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }

            pub(super) fn measure(whole: bool) -> Result<Cost> {
                let mut random = Random(1);
                let rows: Vec<SaleSample> = (0..STEPS * BATCH)
                    .map(|_| SaleSample {
                        article: random.below($rows),
                        measurements: std::array::from_fn(|_| random.unit()),
                        price: random.unit(),
                    })
                    .collect();
                let before = memory("VmRSS:");
                let mut model = Sale::build(&Cpu::default(), Seed(1));
                let ends = EpochEnds::default();
                let mut trainer = Trainer::on_one_thread(Adam::new(1e-3))
                    .epochs(EPOCHS)
                    .batch_size(BATCH)
                    .progress(Progress::silent())
                    .callback(Clock(ends.clone()));
                if whole {
                    trainer = trainer.whole_tables();
                }
                trainer.fit(&mut model, &rows)?;
                let weights = ($rows * WIDTH * size_of::<f32>()) as f64;
                let mebibytes = (memory("VmHWM:") - before - weights) / f64::from(1 << 20);
                let [clock, busy] = medians(&ends.borrow());
                Ok(Cost { rows: $rows, clock, busy, mebibytes })
            }
        }
    };
}

sized!(ten_thousand, 10_000);
sized!(hundred_thousand, 100_000);
sized!(million, 1_000_000);
sized!(ten_million, 10_000_000);

/// The cost of a table of `rows` rows.
struct Cost {
    rows: usize,
    clock: f64,
    busy: f64,
    mebibytes: f64,
}

fn main() -> Result<()> {
    let has_argument = |word: &str| support::arguments().any(|argument| argument == word);
    let whole = has_argument("whole");
    let mut sizes = vec![ten_thousand::measure, hundred_thousand::measure];
    if has_argument("all") {
        sizes.extend([million::measure as fn(bool) -> Result<Cost>, ten_million::measure]);
    }
    println!("      rows   ms a step   of processors   to the first   MiB beside the weights");
    let mut result = String::new();
    let mut first = f64::NAN;
    // Ascending sizes, because peak memory only grows.
    for measure in sizes {
        let Cost { rows, clock, busy, mebibytes } = measure(whole)?;
        first = if first.is_nan() { busy } else { first };
        let ratio = busy / first;
        println!("{rows:10}   {clock:9.4}   {busy:13.4}   {ratio:12.2}   {mebibytes:22.1}");
        result +=
            &format!(" ms_{rows}={busy:.4} ratio_{rows}={ratio:.2} mib_{rows}={mebibytes:.1}");
    }
    println!("result:{result}");
    Ok(())
}

/// Clock and processor seconds at the end of each epoch.
type EpochEnds = Rc<RefCell<Vec<(Instant, f64)>>>;

struct Clock(EpochEnds);

impl<M: Definition> Callback<M> for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<M>) -> Result<Flow> {
        if let Event::EpochEnded { .. } = event {
            self.0.borrow_mut().push((Instant::now(), busy::busy().unwrap_or(f64::NAN)));
        }
        Ok(Flow::Continue)
    }
}

/// The milliseconds of a step in the median epoch, by the clock and of processors.
fn medians(ends: &[(Instant, f64)]) -> [f64; 2] {
    let pairs = || ends.windows(2);
    [
        median_step(pairs().map(|pair| (pair[1].0 - pair[0].0).as_secs_f64())),
        median_step(pairs().map(|pair| pair[1].1 - pair[0].1)),
    ]
}

fn median_step(epochs: impl Iterator<Item = f64>) -> f64 {
    let mut epochs: Vec<f64> = epochs.collect();
    epochs.sort_by(f64::total_cmp);
    1e3 * epochs[epochs.len() / 2] / STEPS as f64
}

/// A field of `/proc/self/status` in bytes; NaN on systems without it.
fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kibibytes.map_or(f64::NAN, |kibibytes: f64| kibibytes * 1024.0)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> u32 {
        (self.next() % end as u64) as u32
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}
