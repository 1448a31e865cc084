//! What a step of training takes and sends: `mpirun -n 2 target/release/ranks --steps 50 --model towers`.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use multi_input::{
    callback::{AnyCallback, AnyTraining, Event, Flow},
    cluster::{Cluster, Traffic, Wire},
    prelude::*,
    Result,
};

use super::models::{trips, Trip};

/// Two towers with large tables, of which a step updates the rows that the batch looks up.
#[multi_input_model]
#[derive(Clone)]
pub struct Towers {
    #[input]
    #[branch(Embedding(200_000, 32), Dense(64, relu), Dense(32))]
    reader: u32,

    #[input]
    #[branch(Embedding(100_000, 32), Dense(64, relu), Dense(32))]
    book: u32,

    #[merge(dot(reader, book))]
    #[output(loss = mse)]
    stars: f32,
}

/// The same with tables whose rows are divided among the ranks.
#[multi_input_model]
#[derive(Clone)]
pub struct Divided {
    #[input]
    #[branch(Embedding(200_000, 32, sharded), Dense(64, relu), Dense(32))]
    reader: u32,

    #[input]
    #[branch(Embedding(100_000, 32, sharded), Dense(64, relu), Dense(32))]
    book: u32,

    #[merge(dot(reader, book))]
    #[output(loss = mse)]
    stars: f32,
}

/// A table that takes 12.8 GB, and with Adam three times as much.
#[multi_input_model]
#[derive(Clone)]
pub struct Huge {
    #[input]
    #[branch(Embedding(100_000_000, 32, sharded), Dense(64, relu), Dense(32))]
    reader: u32,

    #[input]
    #[branch(Embedding(100_000, 32), Dense(64, relu), Dense(32))]
    book: u32,

    #[merge(dot(reader, book))]
    #[output(loss = mse)]
    stars: f32,
}

/// The model of `examples/image_text`: a picture and some words.
#[multi_input_model]
#[derive(Clone)]
pub struct Emoji {
    #[input(rescale(1.0 / 255.0))]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    picture: [[[f32; 64]; 64]; 3],

    #[input(pad(16))]
    #[branch(Embedding(2000, 64), LSTM(32))]
    words: Vec<u32>,

    #[merge(concat(picture, words))]
    #[branch(Dense(9, softmax))]
    #[output(loss = cross_entropy)]
    group: Class<9>,
}

/// Numbers that look random, the same in every run.
fn scattered(i: usize) -> usize {
    (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) & 0xFFFF_FFFF
}

/// The rows of the models of two towers.
macro_rules! ratings {
    ($sample:ident, $readers:literal, $rows:expr) => {{
        let rows: usize = $rows;
        let row = |i: usize| $sample {
            reader: (scattered(i) % $readers) as u32,
            book: (scattered(i + rows) % 100_000) as u32,
            stars: (scattered(i + 7) % 5) as f32,
        };
        (0..rows).map(row).collect::<Vec<$sample>>()
    }};
}

fn emoji(rows: usize) -> Vec<EmojiSample> {
    let row = |i: usize| {
        // Around zero, or filters with a negative sum would be dead, and their gradients would stay away.
        let pixel = |c: usize, y: usize, x: usize| {
            (scattered(i + 64 * (64 * c + y) + x) % 256) as f32 - 128.0
        };
        let line = |c: usize, y: usize| std::array::from_fn(|x| pixel(c, y, x));
        EmojiSample {
            picture: std::array::from_fn(|c| std::array::from_fn(|y| line(c, y))),
            words: (0..1 + i % 16).map(|k| (scattered(16 * i + k) % 2000) as u32).collect(),
            group: Class::new(i % 9).unwrap(),
        }
    };
    (0..rows).map(row).collect()
}

/// What a step has taken and sent.
struct Step {
    took: Duration,
    sent: Traffic,
}

/// Notes every step but the first ones, in which tables are agreed on and memory is new.
struct Stopwatch {
    world: Cluster,
    last: (Instant, Traffic),
    steps: Arc<Mutex<Vec<Step>>>,
}

const UNTIMED: usize = 4;

impl AnyCallback for Stopwatch {
    fn name(&self) -> &'static str {
        "Stopwatch"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        if let Event::StepEnded { step, .. } = event {
            let (now, traffic) = (Instant::now(), self.world.traffic());
            let (then, before) = std::mem::replace(&mut self.last, (now, traffic));
            if *step >= UNTIMED {
                let sent = Traffic {
                    bytes: traffic.bytes - before.bytes,
                    messages: traffic.messages - before.messages,
                    waited: traffic.waited - before.waited,
                };
                let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
                steps.push(Step { took: now - then, sent });
            }
        }
        Ok(Flow::Continue)
    }
}

/// Trains some steps, in batches of so many rows, and prints what they have taken. At the end a
/// checkpoint is written to `folder`.
pub fn measure(
    (model, steps, batch): (&str, usize, usize),
    wire: Wire,
    folder: Option<&Path>,
    world: &Cluster,
) -> Result<()> {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let last = (Instant::now(), world.traffic());
    let watch = || Stopwatch { world: world.clone(), last, steps: Arc::clone(&noted) };
    macro_rules! train {
        ($model:ident on $rows:expr) => {{
            let mut model = Model::<$model>::build_on(world, &Cpu::default(), Seed(2))?;
            let mut trainer = Trainer::new(Adam::new(1e-3))
                .epochs(1)
                .steps_per_epoch(steps + UNTIMED)
                .batch_size(batch)
                .seed(Seed(3))
                .progress(Progress::silent())
                .callback(watch())
                .wire(wire)
                .on(world);
            if let Some(folder) = folder {
                trainer = trainer.callback(Checkpoint::in_folder(folder));
            }
            trainer.fit(&mut model, &$rows)?;
        }};
    }
    match model {
        "towers" => train!(Towers on ratings!(TowersSample, 200_000, 8 * batch.max(64))),
        "divided" => train!(Divided on ratings!(DividedSample, 200_000, 8 * batch.max(64))),
        "huge" => train!(Huge on ratings!(HugeSample, 100_000_000, 8 * batch.max(64))),
        "emoji" => train!(Emoji on emoji(2 * batch.max(32))),
        _ => train!(Trip on trips(8 * batch.max(64))),
    }
    let steps = noted.lock().unwrap_or_else(PoisonError::into_inner);
    let sorted = |number: &dyn Fn(&Step) -> f64| {
        let mut all: Vec<f64> = steps.iter().map(number).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let quantile = |all: &[f64], part: usize| all.get(all.len() * part / 100).copied();
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let (took, waited) =
        (sorted(&|step| step.took.as_secs_f64()), sorted(&|step| step.sent.waited.as_secs_f64()));
    if world.is_main() {
        println!(
            "result: model={model} ranks={} batch={batch} steps={} median={:.6} low={:.6} mean={:.6} \
             waited={:.6} waited_low={:.6} bytes={:.1} messages={:.2}",
            world.ranks(),
            steps.len(),
            quantile(&took, 50).unwrap_or(f64::NAN),
            quantile(&took, 10).unwrap_or(f64::NAN),
            mean(&took),
            quantile(&waited, 50).unwrap_or(f64::NAN),
            quantile(&waited, 10).unwrap_or(f64::NAN),
            mean(&sorted(&|step| step.sent.bytes as f64)),
            mean(&sorted(&|step| step.sent.messages as f64)),
        );
    }
    Ok(())
}
