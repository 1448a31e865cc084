//! Our side of the comparison with Keras and PyTorch: the seed's three models and a recommender of
//! two towers as a user writes them, through `Trainer::fit` and `predict`.
//!
//! ```sh
//! cargo bench --bench peers                   # our side alone
//! runtime/benches/peers/compare.py            # all sides in turns, as ratios
//! ```

#[path = "../support/mod.rs"]
mod support;

use std::{
    fmt::Display,
    io::{self, Write},
    time::Instant,
};

use multi_input::{definition::Network, prelude::*, Result};
use rand::{rngs::StdRng, Rng, SeedableRng};
use rand_distr::StandardNormal;
use support::models::*;

/// Two towers, each of an identity and of features.
#[multi_input_model]
#[derive(Clone)]
pub struct Visit {
    #[input]
    #[branch(Embedding(100_000, 32))]
    user: u32,

    #[input]
    about_user: [f32; 8],

    #[merge(concat(user, about_user))]
    #[branch(Dense(32, relu), Dense(32))]
    user_tower: [f32; 32],

    #[input]
    #[branch(Embedding(20_000, 32))]
    item: u32,

    #[input]
    about_item: [f32; 8],

    #[merge(concat(item, about_item))]
    #[branch(Dense(32, relu), Dense(32))]
    item_tower: [f32; 32],

    #[merge(dot(user_tower, item_tower))]
    #[output(loss = mse, metrics(mae))]
    rating: f32,
}

/// The questions of a run without arguments: the name of the figure, and the question.
const QUESTIONS: [(&str, &str); 10] = [
    ("step_1_32_ms", "train 1 32 3200 4"),
    ("step_1_256_ms", "train 1 256 25600 2"),
    ("step_2_32_ms", "train 2 32 256 2"),
    ("step_2_256_ms", "train 2 256 512 1"),
    ("step_3_32_ms", "train 3 32 3200 4"),
    ("step_3_256_ms", "train 3 256 25600 2"),
    ("step_4_32_ms", "train 4 32 3200 4"),
    ("step_4_256_ms", "train 4 256 25600 2"),
    ("predict_1_us", "predict 1 300"),
    ("predict_2_us", "predict 2 30"),
];

fn main() -> Result<()> {
    if support::arguments().next().as_deref() == Some("serve") {
        return serve();
    }
    let mut figures = Vec::new();
    for (name, question) in QUESTIONS {
        let figure = answer(question)?;
        println!("{question}: {figure}");
        figures.push(format!("{name}={figure}"));
    }
    println!("result: {}", figures.join(" "));
    Ok(())
}

/// Answers line by line, as `side.py` says, until standard input ends.
fn serve() -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    say(format_args!("multi-input {version}, {threads} threads"));
    for question in io::stdin().lines() {
        say(answer(&question.unwrap_or_default())?);
    }
    Ok(())
}

/// The figure that a question asks for.
fn answer(question: &str) -> Result<String> {
    let mut words = question.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let numbers: Vec<usize> = words.map_while(|word| word.parse().ok()).collect();
    let figure = match numbers.as_slice() {
        [1, rest @ ..] => measure::<Price>(verb, rest, price)?,
        [2, rest @ ..] => measure::<Post>(verb, rest, post)?,
        [3, rest @ ..] => measure::<Progression>(verb, rest, progression)?,
        [4, rest @ ..] => measure::<Visit>(verb, rest, visit)?,
        _ => None,
    };
    Ok(figure.map_or_else(|| format!("`{question}` is no question"), |f| format!("{f:.4}")))
}

/// A row of random numbers, for training and for a prediction.
type Row<M> = fn(&mut StdRng) -> (<M as RowTypes>::Sample, <M as RowTypes>::Inputs);

/// Measures one model, built anew. `None` where that is no question.
fn measure<M: Network<f32, Cpu>>(
    verb: &str,
    numbers: &[usize],
    row: Row<M>,
) -> Result<Option<f64>> {
    let mut model = Model::<M>::build(&Cpu::default(), Seed(0));
    let random = &mut StdRng::seed_from_u64(0);
    let figure = match *numbers {
        [batch, rows, epochs] if verb == "train" => {
            let rows: Vec<_> = (0..rows).map(|_| row(random).0).collect();
            fit(&mut model, &rows, batch, 1)?;
            let start = Instant::now();
            fit(&mut model, &rows, batch, epochs)?;
            let steps = epochs * rows.len().div_ceil(batch);
            1e3 * start.elapsed().as_secs_f64() / steps as f64
        }
        [count] if verb == "predict" => {
            let one = [row(random).1];
            for _ in 0..10 {
                model.predict(&one)?;
            }
            let start = Instant::now();
            for _ in 0..count {
                model.predict(&one)?;
            }
            1e6 * start.elapsed().as_secs_f64() / count as f64
        }
        [batch, rows, epochs] if verb == "first" => {
            let rows: Vec<_> = (0..rows).map(|_| row(random).0).collect();
            fit(&mut model, &rows[..batch.min(rows.len())], batch, 1)?;
            say("stepped");
            fit(&mut model, &rows, batch, epochs)?;
            let data = rows.len() * size_of::<M::Sample>();
            (peak_memory() - data as f64) / f64::from(1 << 20)
        }
        _ => return Ok(None),
    };
    Ok(Some(figure))
}

/// What a user would call.
fn fit<M: Network<f32, Cpu>>(
    model: &mut Model<M>,
    rows: &[M::Sample],
    batch: usize,
    epochs: usize,
) -> Result<()> {
    Trainer::new(Adam::new(1e-3)).epochs(epochs).batch_size(batch).fit(model, rows)?;
    Ok(())
}

fn price(random: &mut StdRng) -> (PriceSample, PriceInputs) {
    let (measurements, district) = (numbers(random), random.gen_range(0..100));
    let price = random.sample(StandardNormal);
    (PriceSample { measurements, district, price }, PriceInputs { measurements, district })
}

fn post(random: &mut StdRng) -> (PostSample, PostInputs) {
    let photo = std::array::from_fn(|_| std::array::from_fn(|_| numbers(random)));
    let caption = std::array::from_fn(|_| random.gen_range(0..10_000));
    let topic = Class::new(random.gen_range(0..10)).unwrap_or_else(|error| panic!("{error}"));
    (PostSample { photo, caption, topic }, PostInputs { photo, caption })
}

fn progression(random: &mut StdRng) -> (ProgressionSample, ProgressionInputs) {
    let (vitals, serum) = (numbers(random), random.gen::<bool>().then(|| numbers(random)));
    let score = random.sample(StandardNormal);
    (ProgressionSample { vitals, serum, score }, ProgressionInputs { vitals, serum })
}

fn visit(random: &mut StdRng) -> (VisitSample, VisitInputs) {
    let (user, item) = (random.gen_range(0..100_000), random.gen_range(0..20_000));
    let (about_user, about_item) = (numbers(random), numbers(random));
    let rating = random.sample(StandardNormal);
    (
        VisitSample { user, about_user, item, about_item, rating },
        VisitInputs { user, about_user, item, about_item },
    )
}

fn numbers<const N: usize>(random: &mut StdRng) -> [f32; N] {
    std::array::from_fn(|_| random.sample(StandardNormal))
}

/// The largest resident memory so far, in bytes; NaN where the system does not say.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kibibytes.map_or(f64::NAN, |kibibytes: f64| kibibytes * 1024.0)
}

/// Whoever asks waits for the line.
fn say(what: impl Display) {
    println!("{what}");
    io::stdout().flush().unwrap_or_default();
}
