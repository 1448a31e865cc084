//! burn's and candle's sides of the comparison: `multi-input-peers-native burn|candle`. What is
//! asked and answered is in `side.py`.

mod burn_side;
mod candle_side;
mod data;

use std::{
    fmt::Display,
    io::{self, Write},
    time::Instant,
};

use data::Data;

/// One library's way to train and to predict.
trait Side {
    /// Model `which` and its data.
    fn build(which: usize, data: Data) -> Self;
    /// One step on the rows with these numbers.
    fn step(&mut self, rows: &[usize]);
    /// The prediction of the first row.
    fn predict_one(&mut self);
}

fn main() {
    let threads = std::env::var("RAYON_NUM_THREADS").unwrap_or_else(|_| "all".to_owned());
    match std::env::args().nth(1).as_deref() {
        Some("burn") => {
            say(format_args!("burn 0.22.1 on flex with x86-v4, {threads} threads"));
            serve::<burn_side::Burn>();
        }
        Some("candle") => {
            say(format_args!("candle 0.11.1, {threads} threads"));
            serve::<candle_side::Candle>();
        }
        _ => eprintln!("say which side: burn or candle"),
    }
}

fn serve<S: Side>() {
    for line in io::stdin().lines() {
        let line = line.expect("questions are text");
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let numbers: Vec<usize> = words.map(|word| word.parse().expect("a number")).collect();
        match (verb, numbers.as_slice()) {
            ("train", &[which, batch, rows, epochs]) => {
                let mut side = S::build(which, Data::new(which, rows));
                fit(&mut side, batch, rows, 1);
                let start = Instant::now();
                fit(&mut side, batch, rows, epochs);
                let steps = epochs * rows.div_ceil(batch);
                say(1e3 * start.elapsed().as_secs_f64() / steps as f64);
            }
            ("predict", &[which, count]) => {
                let mut side = S::build(which, Data::new(which, 256));
                (0..10).for_each(|_| side.predict_one());
                let start = Instant::now();
                (0..count).for_each(|_| side.predict_one());
                say(1e6 * start.elapsed().as_secs_f64() / count as f64);
            }
            ("first", &[which, batch, rows, epochs]) => {
                let data = Data::new(which, rows);
                let bytes = data.bytes();
                let mut side = S::build(which, data);
                side.step(&(0..batch).collect::<Vec<_>>());
                say("stepped");
                fit(&mut side, batch, rows, epochs);
                say((peak_memory() - bytes as f64) / f64::from(1 << 20));
            }
            _ => say(format_args!("`{line}` is no question")),
        }
    }
}

/// Epochs over shuffled rows.
fn fit(side: &mut impl Side, batch: usize, rows: usize, epochs: usize) {
    use rand::{seq::SliceRandom, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(1);
    let mut order: Vec<usize> = (0..rows).collect();
    for _ in 0..epochs {
        order.shuffle(&mut random);
        order.chunks(batch).for_each(|rows| side.step(rows));
    }
}

/// The largest resident memory so far, in bytes.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    1024.0 * line.trim().trim_end_matches(" kB").parse::<f64>().expect("kibibytes")
}

fn say(what: impl Display) {
    println!("{what}");
    io::stdout().flush().expect("standard output is open");
}
