//! Large embeddings take their steps row by row: the weights are those of the dense formula, a run
//! goes on from any step with the same bits, and a step needs no memory of the table's size.

use std::path::Path;

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    optim::{Optimizer, RmsProp},
    prelude::*,
    Error,
};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Loan {
    #[input]
    #[branch(Embedding(5_000, 5))]
    reader: u32,

    #[input]
    #[branch(Embedding(3_000, 4), Flatten)]
    books: [u32; 2],

    /// In the same table.
    #[input]
    #[branch(shared = books)]
    wishes: [u32; 2],

    #[input]
    age: f32,

    #[merge(concat(reader, books, wishes, age))]
    #[branch(Dense(6, tanh), Dense(1))]
    #[output(loss = mse, metrics(mae))]
    days: f32,
}

/// A few favourites, many that come once or twice, and now and then the same book twice.
fn rows(count: u32) -> Vec<LoanSample> {
    let wave = |i: u32, k: f32| (i as f32 * k).sin();
    (0..count)
        .map(|i| LoanSample {
            reader: if i % 3 == 0 { i % 7 } else { i * 211 % 5_000 },
            books: [i * 97 % 3_000, i % 5],
            wishes: [i * 53 % 3_000, if i % 4 == 0 { i % 5 } else { i * 31 % 90 }],
            age: wave(i, 0.7),
            days: 2.0 * wave(i, 0.3) + wave(i, 1.1),
        })
        .collect()
}

/// Thirteen steps an epoch, the last of them on fewer rows.
fn trainer<O: Optimizer>(optimizer: O) -> Trainer<Loan, O> {
    Trainer::new(optimizer).epochs(4).batch_size(8).progress(Progress::silent())
}

fn weights(model: &Model<Loan, f64>) -> Vec<f64> {
    let module = model.module();
    let head = [module.days.0.weight.as_vec(), module.days.1.weight.as_vec()];
    [vec![module.reader.0.weight.as_vec(), module.books.0.weight.as_vec()], head.to_vec()]
        .concat()
        .concat()
}

/// The weights and the history of a run in double precision.
fn fit<O: Optimizer>(trainer: Trainer<Loan, O>) -> (Vec<f64>, History) {
    let mut model = Model::<Loan, f64>::build(&Cpu::default(), Seed(3));
    let history = trainer.fit(&mut model, &rows(100)).unwrap();
    (weights(&model), history)
}

/// Trains with and without whole tables.
#[track_caller]
fn assert_like_dense<O: Optimizer>(
    optimizer: O,
    set: impl Fn(Trainer<Loan, O>) -> Trainer<Loan, O>,
) {
    let (by_rows, history) = fit(set(trainer(optimizer.clone())));
    let (whole, whole_history) = fit(set(trainer(optimizer).whole_tables()));
    let pairs = || by_rows.iter().zip(&whole);
    let furthest = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(furthest < 1e-11, "{furthest:e}");
    for (epoch, whole) in history.epochs.iter().zip(&whole_history.epochs) {
        for name in ["loss", "mae", "val_loss"] {
            let (figure, expected) = (epoch.get(name), whole.get(name));
            let off = figure.unwrap_or_default() - expected.unwrap_or_default();
            assert!(off.abs() < 1e-9, "{name}: {figure:?} {expected:?}");
        }
    }
}

#[test]
fn the_weights_are_those_of_the_dense_formula() {
    assert_like_dense(Sgd::new(0.05), |trainer| trainer);
    assert_like_dense(Sgd::new(0.05).nesterov(0.9), |trainer| trainer);
    assert_like_dense(RmsProp { momentum: 0.8, ..RmsProp::new(0.01) }, |trainer| trainer);
    assert_like_dense(Adam::new(0.02), |trainer| trainer);
    assert_like_dense(AdamW::new(0.02).decay(0.3), |trainer| trainer);
}

#[test]
fn so_they_are_with_everything_that_changes_gradients_and_rates() {
    let valid = rows(130)[100..].to_vec();
    assert_like_dense(AdamW::new(0.02).decay(0.3), |trainer| {
        trainer
            .clip(Clip::GlobalNorm(0.1))
            .accumulate(3)
            .validation_data(&valid)
            .callback(LearningRateSchedule::by_step(Schedule::cosine(0.02, 50)))
    });
    assert_like_dense(Adam::new(0.02), |trainer| {
        trainer
            .clip(Clip::Norm(0.01))
            .learning_rate_of(Loan::reader, 0.3)
            .callback(Freeze::until_epoch(Loan::books, 2))
    });
    assert_like_dense(Adam::new(0.02), |trainer| {
        let stop = EarlyStopping::on(Monitor::val_loss()).patience(1).restore_best();
        trainer.clip(Clip::Value(1e-3)).validation_data(&valid).callback(stop)
    });
}

/// Breaks off after so many steps.
struct BreakOff(usize);

impl Callback<Loan> for BreakOff {
    fn name(&self) -> &'static str {
        "BreakOff"
    }

    fn on(
        &mut self,
        event: &Event<'_>,
        training: &mut dyn Training<Loan>,
    ) -> multi_input::Result<Flow> {
        let at = training.position();
        let done = at.epoch * training.plan().steps_per_epoch + at.step;
        let asked = matches!(event, Event::StepEnded { .. });
        Ok(if asked && done == self.0 { Flow::Pause } else { Flow::Continue })
    }
}

const NEVER: usize = usize::MAX;

/// A run that keeps its files in a folder and is broken off after a step.
type RunIn = dyn Fn(&Path, usize) -> (Vec<f64>, History);

#[test]
fn a_run_goes_on_bit_for_bit_from_any_step() {
    let folder = tempfile::tempdir().unwrap();
    fn run<O: Optimizer>(optimizer: O, folder: &Path, break_off: usize) -> (Vec<f64>, History) {
        fit(trainer(optimizer)
            .epochs(3)
            .accumulate(2)
            .clip(Clip::GlobalNorm(0.5))
            .validation_data(&rows(130)[100..])
            .resume(folder)
            .callback(LearningRateSchedule::by_step(Schedule::cosine(0.02, 30)))
            .callback(Checkpoint::in_folder(folder).best(Monitor::val_loss()))
            .callback(BreakOff(break_off)))
    }
    let adam = |folder: &Path, step| run(Adam::new(0.02), folder, step);
    let adam_w = |folder: &Path, step| run(AdamW::new(0.02).decay(0.3), folder, step);
    let runs: [(&str, &RunIn); 2] = [("adam", &adam), ("adam_w", &adam_w)];
    for (name, run) in runs {
        let folder = folder.path().join(name);
        let whole = run(&folder.join("whole"), NEVER);
        for step in [1, 2, 7, 13, 20, 27, 38] {
            let parts = folder.join(step.to_string());
            run(&parts, step);
            assert!(run(&parts, NEVER) == whole, "{name} from step {step}");
        }
        // Again and again.
        let parts = folder.join("parts");
        for step in [3, 5, 14, 26] {
            run(&parts, step);
        }
        assert!(run(&parts, NEVER) == whole, "{name} from several steps");
    }
}

#[test]
fn who_looks_changes_nothing() {
    let plain = fit(trainer(AdamW::new(0.02).decay(0.3))).0;
    let watched = trainer(AdamW::new(0.02).decay(0.3))
        .validation_data(&rows(130)[100..])
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(9));
    assert!(fit(watched).0 == plain);
}

#[test]
fn a_step_that_is_not_finite_is_not_taken() {
    // After a first step of this length the second has no loss.
    let far = || trainer(Sgd::new(1e30).momentum(0.9)).epochs(1).shuffle(Shuffle::Never);
    let table = |model: &Model<Loan>| model.module().reader.0.weight.as_vec();
    let mut model = Loan::build(&Cpu::default(), Seed(3));
    let error = far().fit(&mut model, &rows(100)).unwrap_err();
    assert!(matches!(error, Error::NotFinite { step: 2, .. }), "{error}");
    let mut before = Loan::build(&Cpu::default(), Seed(3));
    far().fit(&mut before, &rows(8)).unwrap();
    assert!(table(&model) == table(&before));
}

#[multi_input_model]
#[derive(Clone)]
pub struct Visit {
    #[input]
    #[branch(Embedding(1_000_000, 8))]
    page: u32,

    #[from(page)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    seconds: f32,
}

#[test]
fn a_run_needs_no_memory_of_the_size_of_the_table() {
    let mut model = Visit::build(&Cpu::default(), Seed(1));
    let rows: Vec<VisitSample> =
        (0..640u32).map(|i| VisitSample { page: i * 7919 % 1_000_000, seconds: 1.0 }).collect();
    let trainer = Trainer::new(Adam::new(1e-3)).epochs(3).progress(Progress::silent());
    let used = allocation_counter::measure(|| drop(trainer.fit(&mut model, &rows).unwrap()));
    let table = 1_000_000 * 8 * size_of::<f32>() as u64;
    // The optimizer's memory, which is asked for as zeros, is not used and given back in the first
    // step; what lasts is an index of four bytes a row.
    assert!(used.bytes_max < 2 * table + table / 4, "{used:?}");
    assert!(used.bytes_total < 2 * table + table / 2, "{used:?}");
}

/// Categories that are there and that may be absent: their tensors are made anew in every step.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Order {
    #[input]
    #[branch(Embedding(50, 4))]
    shop: u32,

    #[input(missing = zeros)]
    #[branch(Embedding(50, 4))]
    coupon: Option<u32>,

    #[merge(concat(shop, coupon))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    total: f32,
}

#[test]
fn what_is_live_does_not_grow_with_the_steps() {
    let row = |i: u32| OrderSample {
        shop: i % 50,
        coupon: i.is_multiple_of(3).then_some(i % 7),
        total: i as f32,
    };
    let rows: Vec<OrderSample> = (0..256).map(row).collect();
    let live = |steps| {
        let mut model = Order::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-3)).batch_size(64).progress(Progress::silent());
        let trainer = trainer.epochs(1).steps_per_epoch(steps);
        let fit = || drop(trainer.fit(&mut model, &rows).unwrap());
        allocation_counter::measure(|| multi_input::with_threads(1, fit)).bytes_max
    };
    let (short, long) = (live(40), live(440));
    assert!(long < short + 1024, "{short} bytes in 40 steps, {long} in 440");
}
