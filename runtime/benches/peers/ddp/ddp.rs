//! The multi-input side of the comparison with PyTorch's `DistributedDataParallel`: training on the
//! ranks of an MPI job, as a user writes it, through `Trainer::on` and `fit`.
//!
//! ```sh
//! just ddp                                    # both sides alternately, as ratios
//! cargo bench --bench ddp --features mpi -- two_towers 5
//! ```
//!
//! Arguments are the model and the number of measured epochs; a first epoch is not measured. It
//! prints what `ddp.py` reads.

#[path = "../../support/mod.rs"]
mod support;

use std::{error::Error, time::Instant};

use multi_input::{
    callback::Event,
    cluster::{Cluster, Traffic},
    definition::Network,
    prelude::*,
    Result,
};
use support::{busy::busy, random::Random};

/// Two towers over tables that are large enough for sparse updates.
#[multi_input_model]
#[derive(Clone)]
pub struct Visit {
    #[input]
    #[branch(Embedding(100_000, 32), Dense(64, relu), Dense(32))]
    user: u32,

    #[input]
    #[branch(Embedding(50_000, 32), Dense(64, relu), Dense(32))]
    item: u32,

    #[merge(dot(user, item))]
    #[output(loss = mse)]
    rating: f32,
}

/// Classifies image and text.
#[multi_input_model]
#[derive(Clone)]
pub struct Post {
    #[input]
    #[branch(Conv2D(16, 3, relu), MaxPool2D(2), Flatten, Dense(32, relu))]
    photo: [[[f32; 32]; 32]; 3],

    #[input]
    #[branch(Embedding(5_000, 32), LSTM(32))]
    caption: [u32; 30],

    #[merge(concat(photo, caption))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy)]
    topic: Class<10>,
}

const USAGE: &str = "usage: ddp two_towers|image_text EPOCHS";

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let words: Vec<String> = support::arguments().collect();
    let [model, epochs] = words.as_slice() else { return Err(USAGE.into()) };
    let (world, epochs) = (Cluster::mpi()?, epochs.parse()?);
    let run = match model.as_str() {
        "two_towers" => train::<Visit>(&world, visit, (25_600, 256), epochs)?,
        "image_text" => train::<Post>(&world, post, (2_560, 64), epochs)?,
        _ => return Err(USAGE.into()),
    };
    if world.is_main() {
        println!("result: {}", run.line());
    }
    Ok(())
}

/// What a rank has done until the end of an epoch.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    traffic: Traffic,
    /// The bytes that this machine has sent to itself.
    loopback: u64,
    /// Processor seconds of this process.
    busy: f64,
}

/// A measured run.
struct Run {
    steps_per_epoch: usize,
    /// The end of the first epoch, and of those after it.
    ends: Vec<Moment>,
    losses: Vec<f64>,
}

impl Run {
    fn line(&self) -> String {
        let [first, .., last] = self.ends.as_slice() else { return String::new() };
        let epochs = self.ends.windows(2);
        let rates = epochs
            .map(|pair| self.steps_per_epoch as f64 / (pair[1].at - pair[0].at).as_secs_f64());
        let steps = (self.steps_per_epoch * (self.ends.len() - 1)) as f64;
        let (sent, seconds) = (last.traffic, (last.at - first.at).as_secs_f64());
        let waited = (sent.waited - first.traffic.waited).as_secs_f64();
        let losses: Vec<String> = self.losses.iter().map(|loss| format!("{loss:.5}")).collect();
        [
            format!("steps={:.2}", support::clock::median(rates.collect())),
            format!("bytes={:.0}", (sent.bytes - first.traffic.bytes) as f64 / steps),
            format!("messages={:.2}", (sent.messages - first.traffic.messages) as f64 / steps),
            // What both ranks have sent.
            format!("loopback={:.0}", (last.loopback - first.loopback) as f64 / steps / 2.0),
            format!("waited={:.4}", waited / seconds),
            format!("processor_ms={:.4}", 1e3 * (last.busy - first.busy) / steps),
            format!("losses={}", losses.join(",")),
        ]
        .join(" ")
    }
}

/// Trains on `rows` rows in batches of `batch`, over all ranks.
fn train<M: Network<f32, Cpu>>(
    world: &Cluster,
    row: fn(&mut Random) -> M::Sample,
    (rows, batch): (usize, usize),
    epochs: usize,
) -> Result<Run> {
    let random = &mut Random(0);
    let samples: Vec<M::Sample> = (0..rows).map(|_| row(random)).collect();
    let mut model = Model::<M>::build(&Cpu::default(), Seed(1));
    let mut ends = Vec::new();
    let history = Trainer::new(Adam::new(1e-3))
        .epochs(1 + epochs)
        .batch_size(batch)
        .progress(Progress::silent())
        .on_event(|event, _| {
            if let Event::EpochEnded { .. } = event {
                ends.push(Moment {
                    at: Instant::now(),
                    traffic: world.traffic(),
                    loopback: loopback_bytes(),
                    busy: busy().unwrap_or(f64::NAN),
                });
            }
        })
        .on(world)
        .fit(&mut model, &samples)?;
    let losses = history.epochs.iter().filter_map(|figures| figures.get("loss")).collect();
    Ok(Run { steps_per_epoch: rows.div_ceil(batch), ends, losses })
}

/// A rating by how the user rates and how the item is rated; few of each occur often.
fn visit(random: &mut Random) -> VisitSample {
    let (user, item) = (skewed(random, 100_000), skewed(random, 50_000));
    let rating = 3.0 + (user % 7) as f32 / 3.0 - 1.0 + (item % 5) as f32 / 2.0 - 1.0;
    VisitSample { user, item, rating }
}

/// A topic that brightens three lines of the image, and has words of its own.
fn post(random: &mut Random) -> PostSample {
    let topic = random.below(10) as usize;
    let photo = std::array::from_fn(|_| {
        std::array::from_fn(|line| {
            let light = if line / 3 == topic { 0.25 } else { 0.0 };
            random.fractions().map(|noise: f32| noise + light)
        })
    });
    let caption = std::array::from_fn(|_| {
        let (own, word, other) = (random.below(4) == 0, random.below(500), random.below(10));
        ((if own { topic as u64 } else { other }) * 500 + word) as u32
    });
    PostSample { photo, caption, topic: Class::new(topic).expect("below ten") }
}

/// An index below `count`, of which small ones are frequent.
fn skewed(random: &mut Random, count: u32) -> u32 {
    (f64::from(random.fraction()).powi(2) * f64::from(count)) as u32
}

/// The bytes that the loopback interface has sent; 0 on systems without `/proc`.
fn loopback_bytes() -> u64 {
    let interfaces = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let line = interfaces.lines().find_map(|line| line.trim().strip_prefix("lo:"));
    // Eight columns of what was received precede those of what was sent.
    line.and_then(|line| line.split_whitespace().nth(8)?.parse().ok()).unwrap_or(0)
}
