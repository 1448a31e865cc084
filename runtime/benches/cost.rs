//! How the cost of a training step grows with the batch size, the number of branches and the length
//! of a sequence, on one thread and on two.
//!
//! ```sh
//! cargo bench --bench cost                      # tables
//! cargo bench --bench cost -- ../docs/cost.svg  # and a plot of them
//! cargo bench --bench cost -- --short           # only the small sizes
//! ```
//!
//! A step is that of `Trainer::fit` with Adam on random rows. A time is the fastest epoch of a few
//! steps within about a second, because other programs only make an epoch slower. `relative` is the
//! cost per unit (row, branch, word) divided by that at the largest size of the curve: above 1, a
//! step has costs that do not grow.

mod support;

use multi_input::{definition::RowTypes, prelude::*, with_threads, Error, Result};

use support::{
    clock,
    models::Price,
    plot::{self, Curve, Panel},
    random::Random,
    random_rows::Rows,
};

/// A size of a model, and its measurement.
struct Size {
    units: usize,
    /// The milliseconds of a step, measured for `seconds`.
    step: fn(units: usize, seconds: f64) -> Result<f64>,
}

/// The batch size of the curves over other quantities.
const BATCH: usize = 32;
const THREADS: [usize; 2] = [1, 2];

/// Models with increasing numbers of branches; each adds branches to the previous one.
macro_rules! branches {
    ([$($before:ident)*] $model:ident adds $($new:ident)+; $($rest:tt)*) => {
        branches!(@model $model: $($before)* $($new)+);
        branches!([$($before)* $($new)+] $($rest)*);
    };
    ([$($all:ident)*]) => {};
    // One branch needs no merge.
    (@model $model:ident: $only:ident) => {
        branches!(@model $model: #[from($only)], $only);
    };
    (@model $model:ident: $($branch:ident)+) => {
        branches!(@model $model: #[merge(concat($($branch),+))], $($branch)+);
    };
    (@model $model:ident: #[$($join:tt)+], $($branch:ident)+) => {
        #[multi_input_model]
        #[derive(Clone)]
        pub struct $model {
            $(
                #[input]
                #[branch(Dense(16, relu))]
                $branch: [f32; 10],
            )+
            #[$($join)+]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            target: f32,
        }

        impl Rows for $model {
            fn sample(random: &mut Random) -> <Self as RowTypes>::Sample {
                type Sample = <$model as RowTypes>::Sample;
                Sample { $($branch: random.fractions(),)+ target: random.fraction() }
            }

            fn inputs(random: &mut Random) -> <Self as RowTypes>::Inputs {
                type Inputs = <$model as RowTypes>::Inputs;
                Inputs { $($branch: random.fractions(),)+ }
            }
        }
    };
}

#[rustfmt::skip]
branches! {
    []
    Branches1 adds b0;
    Branches4 adds b1 b2 b3;
    Branches16 adds b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14 b15;
    Branches64 adds b16 b17 b18 b19 b20 b21 b22 b23 b24 b25 b26 b27 b28 b29 b30 b31 b32 b33 b34 b35 b36 b37 b38 b39 b40 b41 b42 b43 b44 b45 b46 b47 b48 b49 b50
        b51 b52 b53 b54 b55 b56 b57 b58 b59 b60 b61 b62 b63;
    Branches128 adds b64 b65 b66 b67 b68 b69 b70 b71 b72 b73 b74 b75 b76 b77 b78 b79 b80 b81 b82
        b83 b84 b85 b86 b87 b88 b89 b90 b91 b92 b93 b94 b95 b96 b97 b98 b99 b100 b101 b102 b103
        b104 b105 b106 b107 b108 b109 b110 b111 b112 b113 b114 b115 b116 b117 b118 b119 b120
        b121 b122 b123 b124 b125 b126 b127;
}

/// Models that read sequences of `$words` words.
macro_rules! sequences {
    ($($model:ident reads $words:tt;)+) => { $(
        #[multi_input_model]
        #[derive(Clone)]
        pub struct $model {
            #[input]
            #[branch(Embedding(1000, 16), LSTM(32))]
            words: [u32; $words],

            #[from(words)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            target: f32,
        }

        impl Rows for $model {
            fn sample(random: &mut Random) -> <Self as RowTypes>::Sample {
                type Sample = <$model as RowTypes>::Sample;
                Sample { words: random.categories(1000), target: random.fraction() }
            }

            fn inputs(random: &mut Random) -> <Self as RowTypes>::Inputs {
                type Inputs = <$model as RowTypes>::Inputs;
                Inputs { words: random.categories(1000) }
            }
        }
    )+ };
}

sequences! {
    Reads16 reads 16;
    Reads64 reads 64;
    Reads256 reads 256;
    Reads1024 reads 1024;
}

fn main() -> Result<()> {
    let (mut short, mut picture) = (false, None);
    for argument in support::arguments() {
        match argument.as_str() {
            "--short" => short = true,
            _ => picture = Some(argument),
        }
    }
    let (seconds, sizes) = if short { (0.0, 3) } else { (1.5, usize::MAX) };
    let batches: Vec<Size> = (0..=12)
        .map(|power| Size { units: 1 << power, step: |batch, s| step::<Price>(batch, s) })
        .collect();
    let panels = [
        panel("numbers and a category", "rows in a batch", &batches, seconds, sizes)?,
        panel("branches of Dense(16, relu)", "branches, batch 32", &by_branches(), seconds, sizes)?,
        panel("Embedding and LSTM(32)", "words of a row, batch 32", &by_words(), seconds, sizes)?,
    ];
    if let Some(path) = picture {
        let caption = "milliseconds of a training step, on one thread and on two";
        let file = std::fs::write(&path, plot::svg(&panels, caption));
        file.map_err(|source| Error::File { action: "write", path: path.into(), source })?;
    }
    let mut figures = Vec::new();
    for (name, panel) in ["batch", "branches", "words"].iter().zip(&panels) {
        for (curve, threads) in panel.curves.iter().zip(THREADS) {
            figures.push(format!("{name}_{threads}={:.2}", curve.exponent()));
        }
    }
    println!("result: {}", figures.join(" "));
    Ok(())
}

fn by_branches() -> [Size; 5] {
    [
        Size { units: 1, step: at_batch::<Branches1> },
        Size { units: 4, step: at_batch::<Branches4> },
        Size { units: 16, step: at_batch::<Branches16> },
        Size { units: 64, step: at_batch::<Branches64> },
        Size { units: 128, step: at_batch::<Branches128> },
    ]
}

fn by_words() -> [Size; 4] {
    [
        Size { units: 16, step: at_batch::<Reads16> },
        Size { units: 64, step: at_batch::<Reads64> },
        Size { units: 256, step: at_batch::<Reads256> },
        Size { units: 1024, step: at_batch::<Reads1024> },
    ]
}

/// The milliseconds of a step with the batch size [`BATCH`].
fn at_batch<M: Rows>(_: usize, seconds: f64) -> Result<f64> {
    step::<M>(BATCH, seconds)
}

/// The milliseconds of a step. Epochs have more steps for smaller batches.
fn step<M: Rows>(batch: usize, seconds: f64) -> Result<f64> {
    let steps = (512 / batch).clamp(2, 64);
    clock::least_step::<M>(&M::samples(steps * batch), batch, seconds)
}

/// Measures the first `first` sizes and prints a table.
fn panel(
    title: &'static str,
    across: &'static str,
    sizes: &[Size],
    seconds: f64,
    first: usize,
) -> Result<Panel> {
    let mut curves = Vec::new();
    for threads in THREADS {
        let mut points = Vec::new();
        for size in sizes.iter().take(first) {
            let step = with_threads(threads, || (size.step)(size.units, seconds))?;
            points.push((size.units as f64, step));
        }
        let name = format!("{threads} thread{}", if threads == 1 { "" } else { "s" });
        println!(
            "\n{title}, {name}\n{across:>26} {:>12} {:>12} {:>9}",
            "ms a step", "us a unit", "relative"
        );
        let largest = points.last().map_or(f64::NAN, |(units, step)| step / units);
        for (units, step) in &points {
            let unit = step / units;
            println!("{units:26} {step:12.4} {:12.3} {:9.2}", 1e3 * unit, unit / largest);
        }
        curves.push(Curve { name, points });
    }
    Ok(Panel { title, across, curves })
}
