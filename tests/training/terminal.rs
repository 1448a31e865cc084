//! The progress bar on a terminal, which `script` of util-linux makes of a pipe: what it shows may cost
//! a hundredth of the time.

use std::{fs, path::Path, process::Command};

use multi_input::prelude::*;

/// The same model twice, of which one reports what only all rows together tell.
macro_rules! flag {
    ($name:ident, [$($metric:ident),*]) => {
        #[multi_input_model]
        #[derive(Clone, Debug)]
        pub struct $name {
            #[input]
            #[branch(Dense(32, relu), Dense(16, relu))]
            numbers: [f32; 8],

            #[from(numbers)]
            #[branch(Dense(1, sigmoid))]
            #[output(loss = binary_cross_entropy, metrics(accuracy $(, $metric)*))]
            late: bool,
        }
    };
}

flag!(Plain, []);
flag!(Ranked, [auc]);

/// What is asked of another process: with or without, how many rows, and where the answer goes.
const ASKED: &str = "MULTI_INPUT_TEST_TERMINAL";

/// The process that trains, on the terminal that it finds. By itself it does nothing.
#[test]
fn child() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let [what, rows, answer] = asked.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{asked}")
    };
    let wave = |row: usize, k: f32| (row as f32 * k).sin();
    let numbers = |row: usize| std::array::from_fn(|i| wave(row, 0.37 + i as f32 * 0.71));
    let late = |row: usize| wave(row, 0.37) + wave(row, 9.7) > 0.3;
    let rows = 0..rows.parse::<usize>().unwrap();
    let seconds = match what {
        "auc" => {
            let row = |row| RankedSample { numbers: numbers(row), late: late(row) };
            train(&mut Ranked::build(&Cpu::default(), Seed(1)), rows.map(row).collect())
        }
        _ => {
            let row = |row| PlainSample { numbers: numbers(row), late: late(row) };
            train(&mut Plain::build(&Cpu::default(), Seed(1)), rows.map(row).collect())
        }
    };
    fs::write(answer, seconds.to_string()).unwrap();
}

/// The seconds that processors took for an epoch; other programs on the machine do not count.
fn train<M: multi_input::definition::Network<f32, Cpu>>(
    model: &mut Model<M>,
    rows: Vec<M::Sample>,
) -> f64 {
    let before = processor_seconds();
    Trainer::new(Adam::new(1e-3)).fit(model, &rows).unwrap();
    processor_seconds() - before
}

fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

/// What a training on a terminal shows, and its seconds; `None` where no terminal can be made.
fn on_a_terminal(what: &str, rows: usize) -> Option<(String, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let answer = folder.path().join("seconds");
    let program = std::env::current_exe().unwrap();
    let command = format!("'{}' --exact terminal::child --nocapture", program.display());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    let asked = format!("{what} {rows} {}", answer.display());
    let output = script.env(ASKED, asked).env("TERM", "xterm").output().ok()?;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    seconds(&answer).map(|seconds| (shown, seconds))
}

fn seconds(answer: &Path) -> Option<f64> {
    fs::read_to_string(answer).ok()?.parse().ok()
}

#[test]
fn the_bar_shows_the_metrics_so_far() {
    let Some((shown, _)) = on_a_terminal("auc", 20_000) else {
        return println!("there is no `script` here");
    };
    assert!(shown.contains("epoch 1/1") && shown.contains("steps a second"), "{shown}");
    assert!(shown.contains("auc"), "{shown}");
}

#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_a_million_rows_with_auc() {
    let seconds = |what| on_a_terminal(what, 1_000_000).expect("`script` of util-linux").1;
    let mut ratios: Vec<f64> = (0..5).map(|_| seconds("auc") / seconds("plain")).collect();
    ratios.sort_by(f64::total_cmp);
    println!("result: auc={:.3} ({:.3} to {:.3})", ratios[2], ratios[0], ratios[4]);
    assert!(ratios[2] < 1.1, "{ratios:?}");
}
