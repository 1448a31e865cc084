//! Checkpoints of models and runs whose checksum is right and whose contents are wrong: an error that
//! names the file, or a model or a run, never a panic.

use std::{
    fs,
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    history::End,
    prelude::*,
    Error,
};
use safetensors::Dtype;
use serde_json::{json, Value as Json};

use crate::{
    forge::{Contents, Stored},
    mutate::{Random, LONG},
};

/// How many forgeries `cargo test` tries.
const SHORT: usize = 200;

/// With everything that a file holds something of: vocabularies of texts, numbers and words, bins,
/// means, scales, labels, batch statistics, a table whose rows rest, a learned stand-in, metrics of
/// every state, two outputs.
#[multi_input_model(allow(linear_stack))]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(impute(mean, indicator = true), standardize)]
    #[branch(Dense(3, relu), BatchNorm)]
    weather: [f32; 2],
    #[input(categories(8))]
    #[branch(Embedding(8, 2))]
    city: String,
    #[input(categories(2000))]
    #[branch(Embedding(2000, 2))]
    line: u32,
    #[input(words(vocabulary = 12, length = 3))]
    #[branch(Embedding(12, 2), Flatten)]
    remark: String,
    #[input(bins(4))]
    #[branch(Embedding(4, 2))]
    hour: f32,
    #[input(robust, missing = mean)]
    traffic: Option<f32>,
    #[input(missing = learned)]
    #[branch(Dense(2))]
    event: Option<[f32; 2]>,
    #[merge(concat(weather, city, line, remark, hour, traffic, event))]
    #[branch(Dense(4, relu))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, rmse, r2), standardize)]
    minutes: f32,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories, metrics(accuracy, precision, f1, auc))]
    kind: Class<3>,
    #[from(joined)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(recall, auc))]
    late: bool,
}

fn rows() -> Vec<TripSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        TripSample {
            weather: [if i.is_multiple_of(5) { f32::NAN } else { wave(0.7) }, wave(1.3)],
            city: ["Bern", "Chur", "Genf"][i % 3].to_owned(),
            line: (i * i % 17) as u32,
            remark: ["on time", "too late", ""][i % 3].to_owned(),
            hour: (i % 11) as f32,
            traffic: (!i.is_multiple_of(4)).then_some(wave(0.2)),
            event: (!i.is_multiple_of(7)).then_some([wave(0.4), wave(0.3)]),
            minutes: 30.0 + 4.0 * wave(0.9),
            kind: ["bus", "train", "tram"][i % 3].to_owned(),
            late: i.is_multiple_of(2),
        }
    };
    (0..30).map(row).collect()
}

/// Ends the run once so many steps have been taken since it began.
struct EndAfter(usize, Flow);

impl Callback<Trip> for EndAfter {
    fn name(&self) -> &'static str {
        "EndAfter"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Trip>) -> multi_input::Result<Flow> {
        if !matches!(event, Event::StepEnded { .. }) {
            return Ok(Flow::Continue);
        }
        self.0 = self.0.saturating_sub(1);
        Ok(if self.0 == 0 { self.1 } else { Flow::Continue })
    }
}

/// Trains from `path` on, for so many steps. Where the run pauses, it is written into the folder.
fn train(
    path: &Path,
    folder: &Path,
    (steps, end): (usize, Flow),
) -> multi_input::Result<Model<Trip>> {
    let mut model = Trip::build(&Cpu::default(), Seed(1));
    let history = Trainer::new(Adam::new(1e-2))
        .epochs(3)
        .batch_size(10)
        .accumulate(2)
        .validation_split(0.2)
        .resume(path)
        .progress(Progress::silent())
        .callback(Checkpoint::in_folder(folder).every_steps(1000).best(Monitor::val_loss()))
        .callback(ReduceOnPlateau::on(Monitor::loss()).patience(1))
        .callback(EarlyStopping::on(Monitor::loss()).patience(9).restore_best())
        .callback(EndAfter(steps, end))
        .fit(&mut model, &rows())?;
    assert_ne!(history.end, End::Running);
    Ok(model)
}

/// What may stand in the place of something in a text.
fn other(random: &mut Random) -> Json {
    let choices = [
        json!(null),
        json!(0),
        json!(-1),
        json!(1),
        json!(2),
        json!(0.5),
        json!(1e300),
        json!(-1e-300),
        json!(u64::MAX),
        json!(1_u64 << 53),
        json!(i64::MIN),
        json!("NaN"),
        json!("inf"),
        json!(""),
        json!("\u{1b}[31m"),
        json!([]),
        json!({}),
        json!([1, 2, 3]),
        json!(true),
        json!([[0.5]]),
    ];
    choices[random.below(choices.len())].clone()
}

/// Changes something somewhere within a value.
fn change(value: &mut Json, random: &mut Random) {
    let inner = match value {
        Json::Array(items) => items.len(),
        Json::Object(entries) => entries.len(),
        _ => 0,
    };
    if inner == 0 || random.below(6) == 0 {
        *value = other(random);
        return;
    }
    let (place, how) = (random.below(inner), random.below(12));
    match value {
        Json::Array(items) => match how {
            0 => drop(items.remove(place)),
            1 => items.insert(place, items[place].clone()),
            2 => items.push(other(random)),
            3 => items.reverse(),
            _ => change(&mut items[place], random),
        },
        Json::Object(entries) => {
            let key = entries.keys().nth(place).cloned().unwrap_or_default();
            match how {
                0 => drop(entries.remove(&key)),
                1 => drop(entries.insert("more".to_owned(), other(random))),
                _ => {
                    entries.values_mut().skip(place).take(1).for_each(|value| change(value, random))
                }
            }
        }
        _ => {}
    }
}

/// Changes a text: as the JSON it is, or by its letters.
fn change_text(text: &mut String, random: &mut Random) {
    match (serde_json::from_str::<Json>(text), random.below(10)) {
        (Ok(mut value), 1..) => {
            change(&mut value, random);
            *text = value.to_string();
        }
        _ => {
            let bytes = random.mutate(text.as_bytes(), &[b"0", b"\"", b"null", b"[", b"-", b"9"]);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

const NUMBERS: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -1.0,
    0.0,
    0.5,
    1.0,
    3.0,
    1e300,
    18_446_744_073_709_551_615.0,
    9_007_199_254_740_992.0,
    4_294_967_296.0,
];

/// Changes numbers, sizes or dtype of a tensor.
fn change_tensor(stored: &mut Stored, random: &mut Random) {
    let number = NUMBERS[random.below(NUMBERS.len())];
    let number = match stored.dtype {
        Dtype::U8 => vec![255],
        Dtype::F32 => (number as f32).to_le_bytes().to_vec(),
        _ => number.to_le_bytes().to_vec(),
    };
    let width = number.len();
    let count = stored.bytes.len() / width;
    let place = random.below(count) * width;
    match random.below(7) {
        0 => {
            stored.bytes.extend(number);
            stored.shape = vec![count + 1];
        }
        1 if count > 0 => {
            stored.bytes.truncate((count - 1) * width);
            stored.shape = vec![count - 1];
        }
        2 => {
            stored.dtype = [Dtype::U8, Dtype::F64, Dtype::I64, Dtype::F32][random.below(4)];
            let size = match stored.dtype {
                Dtype::U8 => 1,
                Dtype::F32 => 4,
                _ => 8,
            };
            stored.bytes.truncate(stored.bytes.len() / size * size);
            stored.shape = vec![stored.bytes.len() / size];
        }
        3 => stored.shape.reverse(),
        4 => stored.shape.push(1),
        _ if count > 0 => drop(stored.bytes.splice(place..place + width, number)),
        _ => {}
    }
}

/// Another file: something changed, taken away, exchanged or added.
fn forged(whole: &Contents, random: &mut Random) -> Contents {
    let mut forged = whole.clone();
    for _ in 0..=random.below(2) {
        let texts: Vec<String> = forged.texts.keys().cloned().collect();
        let tensors: Vec<String> = forged.tensors.keys().cloned().collect();
        // Of a run's numbers there are few beside the model's.
        let own: Vec<&String> = tensors.iter().filter(|name| name.contains("double/")).collect();
        let name = match random.below(2) {
            0 if !own.is_empty() => own[random.below(own.len())].clone(),
            _ => tensors[random.below(tensors.len())].clone(),
        };
        let key = &texts[random.below(texts.len())];
        match random.below(10) {
            0 => drop(forged.tensors.remove(&name)),
            1 => {
                let tensor = forged.tensors.remove(&name);
                let other = tensors[random.below(tensors.len())].clone();
                forged.tensors.extend(tensor.map(|tensor| (other, tensor)));
            }
            2 => drop(forged.texts.remove(key)),
            3..6 => {
                forged.tensors.get_mut(&name).into_iter().for_each(|t| change_tensor(t, random))
            }
            _ => forged.texts.get_mut(key).into_iter().for_each(|text| change_text(text, random)),
        }
    }
    forged
}

/// Loads the file as a model, and uses it where that can be done.
fn load(path: &Path) -> multi_input::Result<()> {
    let model = Model::<Trip>::load(path, &Cpu::default())?;
    // Numbers that are wrong may be too large for some row; what they predict is not asked here.
    let rows = rows();
    let _ = model.evaluate(&rows);
    let _ = model.predict(&rows.into_iter().map(TripInputs::from).collect::<Vec<_>>());
    let _ = model.preprocessing().map(|fitted| (fitted.overflow(), fitted.notices()));
    Ok(())
}

/// How many of the forgeries of these files were refused as models and as runs.
fn forgeries(count: usize, seed: u64) -> [usize; 2] {
    let folder = tempfile::tempdir().unwrap();
    // In the middle of an epoch and of a sum of gradients, and behind the first epoch.
    let whole = [1, 4].map(|steps| {
        let own = folder.path().join(steps.to_string());
        train(&own, &own, (steps, Flow::Pause)).unwrap();
        let files = fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().path());
        let is_run = |path: &std::path::PathBuf| path.to_string_lossy().contains("step-");
        Contents::read(&files.into_iter().find(is_run).unwrap())
    });
    let (path, later) = (folder.path().join("forged.safetensors"), folder.path().join("later"));
    let mut random = Random(seed);
    let mut refused = [0, 0];
    for case in 0..count {
        forged(&whole[case % whole.len()], &mut random).write(&path);
        let _ = fs::remove_dir_all(&later);
        let go_on = || train(&path, &later, (2, Flow::Stop)).map(drop);
        let tried = catch_unwind(AssertUnwindSafe(|| [load(&path), go_on()]));
        let kept = format!("{}/forged-{seed}-{case}.safetensors", env!("CARGO_TARGET_TMPDIR"));
        let Ok(tried) = tried else {
            fs::copy(&path, &kept).unwrap();
            panic!("case {case}, which is kept as {kept}");
        };
        for (refused, tried) in refused.iter_mut().zip(tried) {
            match tried {
                Err(Error::Checkpoint(error)) => {
                    *refused += 1;
                    assert!(error.to_string().contains("forged.safetensors"), "{case}: {error}");
                }
                Err(error) => check_other(case, &error),
                Ok(()) => {}
            }
        }
    }
    refused
}

/// Wrong numbers may make a row, a loss, a gradient or weights infinite, or be so; nothing else goes wrong
/// later.
fn check_other(case: usize, error: &Error) {
    let later = match error {
        Error::Value { .. }
        | Error::NotFinite { .. }
        | Error::Gradient { .. }
        | Error::Statistics { .. }
        | Error::Weights { .. }
        | Error::Settings(_) => true,
        Error::Unsuitable { reason, .. } => reason.contains("before the first step"),
        _ => false,
    };
    assert!(later, "{case}: {error}");
}

#[test]
fn a_forged_checkpoint_is_an_error_or_a_run_and_never_a_panic() {
    let [models, runs] = forgeries(SHORT, 11);
    assert!(models > SHORT / 4 && runs > SHORT / 2, "{models} and {runs} were refused");
}

#[test]
#[ignore = "takes a minute: `just soak`"]
fn soak_forged_checkpoints() {
    let [models, runs] = forgeries(LONG, 12);
    println!("result: of {LONG} forged checkpoints {models} are no model and {runs} no run");
}
