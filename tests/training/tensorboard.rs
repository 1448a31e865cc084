//! Event files against the history: `tests/fixtures/tensorboard_golden.py` reads what this leaves
//! in the folder `MULTI_INPUT_TENSORBOARD` with the real `tensorboard` package. Without it, the
//! records are read here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use multi_input::{history::Phase, prelude::*};

#[multi_input_model]
pub struct Line {
    #[input]
    #[branch(Dense(4, tanh))]
    x: [f32; 2],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, r2))]
    y: f32,
}

fn rows() -> Vec<LineSample> {
    let row = |i: usize| {
        let x = [(i as f32 * 0.7).sin(), (i as f32 * 0.3).cos()];
        LineSample { x, y: x[0] - 2.0 * x[1] }
    };
    (0..60).map(row).collect()
}

/// Five epochs, of which the last two come from a run that goes on; the whole history.
fn train(folder: &Path) -> History {
    let fit = |epochs: usize| {
        let mut model = Line::build(&Cpu::default(), Seed(1));
        let runs = folder.join("checkpoints");
        Trainer::new(Adam::new(1e-2))
            .epochs(epochs)
            .validation_split(0.25)
            .resume(&runs)
            .progress(Progress::silent())
            .callback(Checkpoint::in_folder(&runs))
            .callback(TensorBoard::in_folder(folder))
            .callback(LearningRateSchedule::by_epoch(Schedule::step(1e-2, 0.5, 1)))
            .fit(&mut model, &rows())
            .unwrap()
    };
    fit(3);
    fit(5)
}

#[test]
fn the_scalars_of_event_files_equal_the_history() {
    let temporary = tempfile::tempdir().unwrap();
    let asked = std::env::var_os("MULTI_INPUT_TENSORBOARD").map(PathBuf::from);
    let folder = asked.unwrap_or_else(|| temporary.path().to_owned());
    let history = train(&folder);
    for (phase, name) in [(Phase::Training, "train"), (Phase::Validation, "validation")] {
        let text = scalars_in(&folder.join(name));
        let mut expected = Vec::new();
        for (epoch, figures) in history.epochs.iter().enumerate() {
            for (figure, value) in figures.entries().filter(|(figure, _)| figure.phase == phase) {
                expected.push((epoch as u64, format!("epoch_{}", figure.quantity), value as f32));
            }
            if phase == Phase::Training {
                let rate = history.learning_rates[epoch] as f32;
                expected.push((epoch as u64, "epoch_learning_rate".to_owned(), rate));
            }
        }
        assert_eq!(text, expected);
    }
    fs::write(folder.join("history.json"), json(&history)).unwrap();
}

/// `{"train": {"epoch_loss": [...], ...}, "validation": {...}}`.
fn json(history: &History) -> String {
    let series = |name: &str, values: &[f64]| format!("\"epoch_{name}\": {values:?}");
    let curves = |prefix: &str| {
        let names = ["loss", "mae", "r2"];
        names.map(|name| series(name, &history.curve(&format!("{prefix}{name}")))).join(", ")
    };
    let rates = series("learning_rate", &history.learning_rates);
    format!("{{\"train\": {{{}, {rates}}}, \"validation\": {{{}}}}}", curves(""), curves("val_"))
}

/// Step, tag and value of every scalar in the files of a folder, in the order of their names.
fn scalars_in(folder: &Path) -> Vec<(u64, String, f32)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut scalars = Vec::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let event = fields(&rest[12..12 + length]);
            let step = event.iter().find(|(field, _)| *field == 2).map_or(0, |(_, v)| v.number());
            for (_, summary) in event.iter().filter(|(field, _)| *field == 5) {
                for (_, value) in fields(summary.bytes()) {
                    let value = fields(value.bytes());
                    let tag = String::from_utf8(value[0].1.bytes().to_vec()).unwrap();
                    let number = f32::from_le_bytes(value[1].1.bytes().try_into().unwrap());
                    scalars.push((step, tag, number));
                }
            }
            rest = &rest[16 + length..];
        }
    }
    scalars
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    fn number(&self) -> u64 {
        match self {
            Value::Number(number) => *number,
            Value::Bytes(_) => panic!("not a number"),
        }
    }
    fn bytes(&self) -> &'a [u8] {
        match self {
            Value::Bytes(bytes) => bytes,
            Value::Number(_) => panic!("not bytes"),
        }
    }
}

/// The fields of a protocol buffer.
fn fields(mut message: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut message)),
            kind => {
                let length = match kind {
                    1 => 8,
                    2 => varint(&mut message) as usize,
                    _ => 4,
                };
                let (bytes, rest) = message.split_at(length);
                message = rest;
                Value::Bytes(bytes)
            }
        };
        found.push((key >> 3, value));
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = message[0];
        *message = &message[1..];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}
