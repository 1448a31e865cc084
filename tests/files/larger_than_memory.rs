//! Files larger than memory: what trains on them takes as much of it as on a small one, and its
//! steps are as fast as those on rows in memory.
//!
//! Memory is that of a process of its own: this test's own executable, asked for [`child`] alone.
//! `just soak` runs the long form, on files of 5 GB.

#[path = "../support/large.rs"]
mod large;
mod photographs;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Instant,
};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    data::{Csv, Source},
    definition::{Definition, Network},
    prelude::*,
    Result,
};

/// A model of the generated rows, as wide as it is told to be.
macro_rules! trip {
    ($name:ident, $width:tt) => {
        #[multi_input_model]
        #[derive(Clone)]
        pub struct $name {
            #[input(
                impute(mean),
                standardize,
                columns(
                    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                    "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
                    "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "x31", "x32", "x33",
                    "x34", "x35", "x36", "x37", "x38", "x39", "x40", "x41", "x42", "x43", "x44",
                    "x45", "x46", "x47"
                )
            )]
            #[branch(Dense($width, relu))]
            numbers: [f32; 48],

            #[input(categories(64))]
            #[branch(Embedding(64, 8))]
            city: String,

            #[merge(concat(numbers, city))]
            #[branch(Dense($width, relu), Dense(1))]
            #[output(loss = mse, metrics(mae), standardize)]
            price: f32,
        }
    };
}

trip!(Light, 32);
trip!(Heavy, 1024);

const BATCH: usize = 256;

/// A trainer as a user would write it.
fn trainer<M: Definition>(clock: Clock) -> Trainer<M, Adam> {
    Trainer::new(Adam::new(1e-3)).batch_size(BATCH).progress(Progress::silent()).callback(clock)
}

/// Notes when each step ended.
#[derive(Clone, Default)]
struct Clock(Arc<Mutex<Vec<Instant>>>);

impl<M: Definition> Callback<M> for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<M>) -> Result<Flow> {
        if let Event::StepEnded { .. } = event {
            self.0.lock().unwrap().push(Instant::now());
        }
        Ok(Flow::Continue)
    }
}

impl Clock {
    /// Steps a second, but for the first ones, which wait for the window to fill.
    fn rate(&self) -> f64 {
        let times = self.0.lock().unwrap();
        let steady = &times[times.len() / 10..];
        (steady.len() - 1) as f64 / (*steady.last().unwrap() - steady[0]).as_secs_f64()
    }
}

/// One pass over a file.
fn train_from<M: Network<f32, Cpu>>(source: &impl Source<Row = M::Sample>) -> f64 {
    let (clock, mut model) = (Clock::default(), Model::<M>::build(&Cpu::default(), Seed(1)));
    let history = trainer(clock.clone()).fit_from(&mut model, source).unwrap();
    assert!(history.epochs[0].get("loss").is_some_and(f64::is_finite));
    clock.rate()
}

/// As many steps as a pass over `rows` rows has, on the first rows of a file, in memory.
fn train_in_memory<M: Network<f32, Cpu>>(
    source: &impl Source<Row = M::Sample>,
    rows: usize,
) -> f64 {
    let first: Vec<M::Sample> =
        source.rows().unwrap().take(20_000).map(|row| row.unwrap()).collect();
    let (clock, mut model) = (Clock::default(), Model::<M>::build(&Cpu::default(), Seed(1)));
    let trainer = trainer(clock.clone()).steps_per_epoch(rows.div_ceil(BATCH));
    trainer.fit(&mut model, &first).unwrap();
    clock.rate()
}

/// What is asked of another process: what to do, and with which file.
const ASKED: &str = "MULTI_INPUT_TEST_LARGE";

/// The process that trains. By itself it does nothing.
#[test]
fn child() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let [what, rows, file] = asked.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{asked}")
    };
    let rows: usize = rows.parse().unwrap();
    #[cfg(feature = "parquet")]
    use multi_input::data::Parquet;
    let rate = match (what, file.ends_with(".parquet")) {
        ("light", false) => train_from::<Light>(&Csv::new(file)),
        ("heavy", false) => train_from::<Heavy>(&Csv::new(file)),
        ("memory", false) => train_in_memory::<Heavy>(&Csv::new(file), rows),
        #[cfg(feature = "parquet")]
        ("light", true) => train_from::<Light>(&Parquet::new(file)),
        #[cfg(feature = "parquet")]
        ("heavy", true) => train_from::<Heavy>(&Parquet::new(file)),
        #[cfg(feature = "parquet")]
        ("memory", true) => train_in_memory::<Heavy>(&Parquet::new(file), rows),
        _ => panic!("{asked}"),
    };
    println!("answer: {rate} {}", peak_memory());
}

/// The largest resident memory so far, in megabytes.
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes * 1024.0 / 1e6
}

/// What a run on a file came to.
struct Run {
    /// Steps a second.
    rate: f64,
    /// Megabytes at most.
    peak: f64,
}

/// This executable again, as [`child`] alone.
fn ask(what: &str, rows: usize, file: &Path) -> Run {
    let answer = answer_of("child", &format!("{what} {rows} {}", file.display()));
    let [rate, peak] = answer.split(' ').map(|word| word.parse().unwrap()).collect::<Vec<_>>()[..]
    else {
        panic!("{answer}")
    };
    Run { rate, peak }
}

/// What the test `child` of this executable answers in a process of its own.
fn answer_of(child: &str, asked: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", child, "--nocapture"]);
    let output = command.env(ASKED, asked).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.split_once("answer: "));
    match answer.filter(|_| output.status.success()) {
        Some((_, answer)) => answer.to_owned(),
        None => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// A folder for files, on the disk of the build and gone afterwards.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

type Write = fn(&Path, u64) -> std::io::Result<usize>;

/// Every format that is there, by its ending.
fn formats() -> Vec<(&'static str, Write)> {
    vec![
        ("csv", large::write_csv),
        #[cfg(feature = "parquet")]
        ("parquet", large::write_parquet),
    ]
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let folder = folder();
    for (ending, write) in formats() {
        let peak = |megabytes: u64| {
            let path = folder.path().join(format!("{megabytes}.{ending}"));
            let rows = write(&path, megabytes * 1_000_000).unwrap();
            ask("light", rows, &path).peak
        };
        // A Parquet file's columns have dictionaries, which are full by then.
        let least = if ending == "parquet" { 18 } else { 6 };
        let (small, large) = (peak(least), peak(3 * least));
        println!(
            "{ending}: {small:.1} MB for a file of {least}, {large:.1} MB for one thrice as large"
        );
        assert!(large < small + 4.0, "{ending}: {small} MB, then {large} MB");
    }
}

/// Needs 5 GB on disk at a time.
#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_files_of_5_gb() {
    let folder = folder();
    for (ending, write) in formats() {
        let file = |name: &str, bytes| -> (PathBuf, usize) {
            let path = folder.path().join(format!("{name}.{ending}"));
            let rows = write(&path, bytes).unwrap();
            (path, rows)
        };
        let (path, all_rows) = file("all", 5_000_000_000);
        let size = fs::metadata(&path).unwrap().len() as f64 / 1e9;
        let started = Instant::now();
        let all = ask("light", all_rows, &path);
        let seconds = started.elapsed().as_secs_f64();
        fs::remove_file(&path).unwrap();

        let (path, rows) = file("part", 50_000_000);
        let mut ratios: Vec<f64> = (0..5)
            .map(|_| ask("heavy", rows, &path).rate / ask("memory", rows, &path).rate)
            .collect();
        fs::remove_file(&path).unwrap();
        ratios.sort_by(f64::total_cmp);
        println!(
            "result: {ending} size_gb={size:.2} rows={all_rows} seconds={seconds:.0} peak_mb={:.0} \
             step_rate={:.3} ({:.3} to {:.3})",
            all.peak, ratios[2], ratios[0], ratios[4]
        );
        assert!(all.peak < 300.0, "{ending}: {} MB", all.peak);
        assert!(ratios[2] > 0.8, "{ending}: {ratios:?} of the rate in memory");
    }
}
