//! The ratio of the least possible time of a step to the measured one, for the three models of
//! `peers`:
//!
//! ```text
//! floor = sum over layers of max(operations / rate of products, bytes / bandwidth)
//! share = floor / median time
//! ```
//!
//! ```sh
//! cargo bench --bench floor
//! cargo bench --bench floor -- --short   # shorter measurements, so times are longer
//! ```
//!
//! Computation and memory transfer of a layer may overlap, so the longer of the two counts. Layers
//! run one after the other. Both rates are measured in the same run with all threads: a product of
//! two 1024 x 1024 matrices through `Dense`, and a copy of 128 MiB, whose bytes count as read and
//! written. The rates are those of the fastest repetition; a step and a prediction take the median.
//!
//! **Operations** are the necessary additions and multiplications of products: forward, and
//! backward for the weights and for inputs that are not data. A 3x3 convolution with pooling takes
//! four ninths of the products of its definition (Winograd). Its backward pass touches one of the
//! four elements of a pooling window, so it counts one quarter. Activations, losses and metrics do
//! not count.
//!
//! **Bytes** are the necessary transfers of `f32`, four bytes each:
//!
//! | of | in a training step | in a prediction |
//! |---|---|---|
//! | a number of the data | 4: the row read, the batch written, read forward and backward | 3 |
//! | a number between layers | 5: written, read, read backward; its gradient written, read | 2 |
//! | a parameter | 10: read forward and backward; its gradient written, read; Adam reads and writes three | 1 |
//!
//! Of an embedding, the rows that a batch is expected to touch count as parameters. All bytes count
//! at the bandwidth of memory, although a small model fits into the cache, and all operations at
//! the rate of large matrices, which small ones do not reach. So the floor of a small model is
//! approximate, and its share shows the overhead of a step.
//!
//! The time above the floor is split into a cost per step and a cost per row by comparing batches
//! of 32 and 256. `steps` shows the image and text model layer by layer.

mod support;

use dfdx::{
    nn::BuildModule,
    prelude::{Const, Cpu, Tensor},
    tensor::{Cache, SampleTensor},
};
use multi_input::{
    layer::{activation::Linear, Dense, Origin},
    prelude::{Model, Seed},
    Result,
};

use support::{
    clock::{self, median, Moment},
    models::{Post, Price, Progression},
    random::Random,
    random_rows::Rows,
};

/// The necessary operations and bytes of a part of a model in one step.
struct Part {
    name: &'static str,
    operations: f64,
    bytes: f64,
}

/// A training step or a prediction.
#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Training,
    Prediction,
}
use Pass::{Prediction, Training};

impl Pass {
    fn choose(self, training: f64, prediction: f64) -> f64 {
        match self {
            Training => training,
            Prediction => prediction,
        }
    }

    /// Bytes for the given numbers of data, of activations between layers, and of parameters.
    fn bytes(self, data: f64, between: f64, parameters: f64) -> f64 {
        let (data, between) = (data * self.choose(4.0, 3.0), between * self.choose(5.0, 2.0));
        4.0 * (data + between + parameters * self.choose(10.0, 1.0))
    }

    /// Operations for the given multiplications, repeated for each of `gradients` in a training
    /// step.
    fn products(self, multiplications: f64, gradients: f64) -> f64 {
        2.0 * multiplications * self.choose(1.0 + gradients, 1.0)
    }

    /// A dense layer with `gradients` = 1 (weights) or 2 (weights and input).
    fn dense(self, name: &'static str, rows: f64, [i, o]: [f64; 2], gradients: f64) -> Part {
        Part {
            name,
            operations: self.products(rows * i * o, gradients),
            bytes: self.bytes(0.0, rows * o, i * o + o),
        }
    }

    fn data(self, name: &'static str, numbers: f64) -> Part {
        Part { name, operations: 0.0, bytes: self.bytes(numbers, 0.0, 0.0) }
    }

    /// An embedding `[categories, width]` with `looked_up` lookups.
    fn embedding(self, looked_up: f64, [categories, width]: [f64; 2]) -> Part {
        let touched = categories * (1.0 - (1.0 - 1.0 / categories).powf(looked_up));
        let bytes = self.bytes(looked_up, looked_up * width, touched * width);
        Part { name: "Embedding", operations: 0.0, bytes }
    }

    /// An LSTM over `[steps, inputs]` of each row, with four gates per unit.
    fn lstm(self, rows: f64, [steps, inputs, units]: [f64; 3]) -> Part {
        let (all, gates) = (rows * steps, 4.0 * units);
        // Gates, states, and cell states with their tanh.
        let between = all * (gates + units + 2.0 * units);
        Part {
            name: "LSTM",
            operations: self.products(all * gates * (inputs + units), 2.0),
            bytes: self.bytes(0.0, between, gates * (inputs + units + 1.0)),
        }
    }

    /// 32 filters of `[3, 3, 3]` over `[3, 64, 64]`, with 2x2 max pooling.
    fn pooled_convolution(self, rows: f64) -> Part {
        let (positions, largest, kernel) = (62.0 * 62.0, 31.0 * 31.0, 27.0);
        // Winograd: 16 products for the four outputs of a window instead of 36.
        let forward = 2.0 * positions * 32.0 * kernel * 4.0 / 9.0;
        let back = self.choose(2.0 * largest * 32.0 * kernel, 0.0);
        Part {
            name: "Conv2D and MaxPool2D",
            operations: rows * (forward + back),
            // One byte per window for the argmax: written, and read backward.
            bytes: self.bytes(0.0, rows * largest * 32.0, 32.0 * kernel + 32.0)
                + self.choose(2.0 * rows * largest * 32.0, 0.0),
        }
    }
}

fn price(pass: Pass, rows: f64) -> Vec<Part> {
    vec![
        pass.data("data", rows * 11.0),
        pass.dense("Dense(64)", rows, [10.0, 64.0], 1.0),
        pass.dense("Dense(32)", rows, [64.0, 32.0], 2.0),
        pass.embedding(rows, [100.0, 16.0]),
        pass.dense("Dense(1)", rows, [48.0, 1.0], 2.0),
    ]
}

fn post(pass: Pass, rows: f64) -> Vec<Part> {
    vec![
        pass.data("data", rows * (3.0 * 64.0 * 64.0 + 1.0)),
        pass.pooled_convolution(rows),
        pass.embedding(rows * 100.0, [10_000.0, 64.0]),
        pass.lstm(rows, [100.0, 64.0, 32.0]),
        pass.dense("Dense(10)", rows, [30_784.0, 10.0], 2.0),
    ]
}

fn progression(pass: Pass, rows: f64) -> Vec<Part> {
    vec![
        pass.data("data", rows * 17.0),
        pass.dense("Dense(32)", rows, [15.0, 32.0], 1.0),
        pass.dense("Dense(1)", rows, [32.0, 1.0], 2.0),
    ]
}

/// Peak rates of the machine, in operations and bytes per second.
struct Machine {
    rate: f64,
    bandwidth: f64,
}

/// The seconds of a line of the table.
#[derive(Clone, Copy)]
struct Seconds {
    floor: f64,
    measured: f64,
}

impl Machine {
    /// The floor of a part in seconds.
    fn floor(&self, part: &Part) -> f64 {
        (part.operations / self.rate).max(part.bytes / self.bandwidth)
    }

    /// Prints a line and returns its seconds.
    fn row(&self, name: &str, parts: &[Part], measured: f64) -> Seconds {
        let operations: f64 = parts.iter().map(|part| part.operations).sum();
        let bytes: f64 = parts.iter().map(|part| part.bytes).sum();
        let floor = parts.iter().map(|part| self.floor(part)).sum();
        println!(
            "{name:30} {:10.3} {:10.3} {:10.4} {:10.4} {:7.1} %",
            operations * 1e-6,
            bytes * 1e-6,
            floor * 1e3,
            measured * 1e3,
            100.0 * floor / measured
        );
        Seconds { floor, measured }
    }

    /// Prints the share of each part in the floor.
    fn parts(&self, parts: &[Part]) {
        let floor: f64 = parts.iter().map(|part| self.floor(part)).sum();
        let share =
            |part: &Part| format!("{} {:.0} %", part.name, 100.0 * self.floor(part) / floor);
        println!("    floor: {}", parts.iter().map(share).collect::<Vec<_>>().join(", "));
    }
}

fn main() -> Result<()> {
    let short = support::arguments().next().as_deref() == Some("--short");
    let patience = if short { 0.2 } else { 4.0 };
    let machine = Machine { rate: rate(patience), bandwidth: bandwidth(patience) };
    println!(
        "{:.0} GFLOP a second, {:.1} GB a second, {} threads\n",
        machine.rate * 1e-9,
        machine.bandwidth * 1e-9,
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    println!(
        "{:30} {:>10} {:>10} {:>10} {:>10} {:>9}",
        "", "MFLOP", "MB", "floor, ms", "time, ms", "share"
    );
    let mut figures = Vec::new();
    steps::<Price>(1, price, &machine, patience, &mut figures)?;
    steps::<Post>(2, post, &machine, patience, &mut figures)?;
    steps::<Progression>(3, progression, &machine, patience, &mut figures)?;
    prediction::<Price>(1, price, &machine, patience, &mut figures)?;
    prediction::<Post>(2, post, &machine, patience, &mut figures)?;
    println!(
        "result: gflop_s={:.0} gb_s={:.1} {}",
        machine.rate * 1e-9,
        machine.bandwidth * 1e-9,
        figures.join(" ")
    );
    Ok(())
}

/// The lines of a model's training steps, and the time above the floor per step and per row.
fn steps<M: Rows>(
    number: usize,
    parts: fn(Pass, f64) -> Vec<Part>,
    machine: &Machine,
    patience: f64,
    figures: &mut Vec<String>,
) -> Result<()> {
    let [mut few, mut many] = [Seconds { floor: 0.0, measured: 0.0 }; 2];
    for (batch, seconds) in [(32, &mut few), (256, &mut many)] {
        let rows = M::samples(batch * if number == 2 { 4 } else { 32 });
        let measured = 1e-3 * clock::median_step::<M>(&rows, batch, patience)?;
        let parts = parts(Training, batch as f64);
        *seconds = machine.row(&format!("model {number}, batch {batch}"), &parts, measured);
        figures.push(format!("step_{number}_{batch}={:.3}", seconds.floor / seconds.measured));
        machine.parts(&parts);
    }
    let above_floor = |seconds: Seconds| seconds.measured - seconds.floor;
    let row = (above_floor(many) - above_floor(few)) / (256.0 - 32.0);
    println!(
        "    above the floor: {:.2} us a step and {:.3} us a row\n",
        1e6 * (above_floor(few) - 32.0 * row),
        1e6 * row
    );
    Ok(())
}

/// The line of a prediction of one row.
fn prediction<M: Rows>(
    number: usize,
    parts: fn(Pass, f64) -> Vec<Part>,
    machine: &Machine,
    patience: f64,
    figures: &mut Vec<String>,
) -> Result<()> {
    let model = Model::<M>::build(&Cpu::default(), Seed(0));
    let one = [M::inputs(&mut Random(0))];
    let mut mistake = Ok(());
    let times = repeated(patience, || {
        for _ in 0..REPEATS {
            if let Err(error) = model.predict(&one) {
                mistake = Err(error);
            }
        }
    });
    mistake?;
    let measured = median(times) / REPEATS as f64;
    let seconds =
        machine.row(&format!("model {number}, one prediction"), &parts(Prediction, 1.0), measured);
    figures.push(format!("predict_{number}={:.3}", seconds.floor / seconds.measured));
    println!("    above the floor: {:.2} us\n", 1e6 * (seconds.measured - seconds.floor));
    Ok(())
}

/// Predictions per measurement, because reading the clock takes time.
const REPEATS: usize = 20;

/// The rate of matrix products, in operations per second: the fastest repetition.
fn rate(patience: f64) -> f64 {
    const N: usize = 1024;
    let device = Cpu::default();
    // Buffers are recycled, as in training.
    device.enable_cache();
    let layer: Dense<N, N, Linear, f32, Cpu> = BuildModule::build(&device);
    let rows: Tensor<(usize, Const<N>), f32, _> = device.sample_normal_like(&(N, Const));
    let seconds =
        min_seconds(patience, || drop(layer.try_forward_from(rows.clone(), Origin::Data)));
    2.0 * (N * N * N) as f64 / seconds
}

/// The bandwidth of a copy by all threads, in bytes per second, read and written.
fn bandwidth(patience: f64) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let from = vec![1u8; 128 << 20];
    let mut to = vec![0u8; from.len()];
    let chunk = from.len().div_ceil(threads);
    let seconds = min_seconds(patience, || {
        std::thread::scope(|scope| {
            for (to, from) in to.chunks_mut(chunk).zip(from.chunks(chunk)) {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
    });
    2.0 * from.len() as f64 / seconds
}

/// The minimum of the seconds that `work` takes.
fn min_seconds(patience: f64, work: impl FnMut()) -> f64 {
    repeated(patience, work).into_iter().fold(f64::INFINITY, f64::min)
}

/// The seconds of each repetition of `work`, repeated for `patience` seconds and at least three
/// times: the first repetition allocates buffers.
fn repeated(patience: f64, mut work: impl FnMut()) -> Vec<f64> {
    let (start, mut times) = (Moment::now(), Vec::new());
    loop {
        let before = Moment::now();
        if times.len() >= 3 && before.since(start) > patience {
            return times;
        }
        work();
        times.push(Moment::now().since(before));
    }
}
