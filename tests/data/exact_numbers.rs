//! Whole numbers are exact or refused: `f32` beyond 2^24, `u32`, `i64` and `u64` beyond their ranges; what is
//! `f64` stays so until its last step of preprocessing.

use std::{fs, path::PathBuf};

use multi_input::{
    data::{read_csv_from, Csv, JsonLines, Source, Table, Values},
    importance::Importance,
    prelude::*,
    preprocess::Preprocessing,
    Error, Result,
};

/// Four moments a minute apart, of which `f32` makes two.
const MOMENTS: [f64; 4] = [1_700_000_000.0, 1_700_000_060.0, 1_700_000_120.0, 1_700_000_180.0];

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Single {
    #[input(standardize)]
    seconds: f32,
    #[input(categories(100))]
    #[branch(Embedding(auto))]
    user: u32,
    #[merge(concat(seconds, user))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

/// Every type that is held in double precision.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Double {
    #[input(standardize)]
    seconds: f64,
    #[input(min_max, columns("from", "to"))]
    span: [f64; 2],
    #[input(standardize, missing = zeros)]
    left: Option<f64>,
    #[input(standardize)]
    change: i64,
    #[input(standardize)]
    bytes: u64,
    #[merge(concat(seconds, span, left, change, bytes))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    until: f64,
}

fn double(i: usize) -> DoubleSample {
    let seconds = 1_700_000_000.0 + 60.0 * i as f64;
    DoubleSample {
        seconds,
        span: [seconds - 0.5, seconds + 1e-3],
        left: (!i.is_multiple_of(3)).then_some(seconds + 7.0),
        change: (i as i64 - 20) * 100_000_001,
        bytes: (1 << 53) - i as u64,
        until: seconds + 30.0 * (i % 3) as f64,
    }
}

fn doubles() -> Vec<DoubleSample> {
    (0..40).map(double).collect()
}

struct Files {
    _folder: tempfile::TempDir,
    csv: PathBuf,
    json: PathBuf,
}

fn files(csv: &str, json: &str) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    Files { csv: write("rows.csv", csv), json: write("rows.jsonl", json), _folder: folder }
}

fn files_of(rows: &[DoubleSample]) -> Files {
    let (mut csv, mut json) =
        ("seconds,from,to,left,change,bytes,until\n".to_owned(), String::new());
    for DoubleSample { seconds, span: [from, to], left, change, bytes, until } in rows {
        let cell = left.map_or(String::new(), |left| left.to_string());
        csv += &format!("{seconds},{from},{to},{cell},{change},{bytes},{until}\n");
        let left = left.map_or("null".to_owned(), |left| left.to_string());
        json += &format!(
            "{{\"seconds\": {seconds}, \"span\": [{from}, {to}], \"left\": {left}, \
             \"change\": {change}, \"bytes\": {bytes}, \"until\": {until}}}\n"
        );
    }
    files(&csv, &json)
}

/// What is wrong with a row of `Single` by each of the ways to read it, without the file's name.
fn refusals(seconds: &str, user: &str, stars: &str) -> Vec<String> {
    let model = {
        let mut model = Single::build(&Cpu::default(), Seed(1));
        let row = |n| SingleSample { seconds: n as f32, user: n, stars: 1.0 };
        let trainer = Trainer::new(Adam::new(0.1)).progress(Progress::silent());
        trainer.fit(&mut model, &[row(1), row(2)]).unwrap();
        model
    };
    let files = files(
        &format!("seconds,user,stars\n1,1,1\n{seconds},{user},{stars}\n"),
        &format!(
            "{{\"seconds\": 1, \"user\": 1, \"stars\": 1}}\n\
             {{\"seconds\": {seconds}, \"user\": {user}, \"stars\": {stars}}}\n"
        ),
    );
    let (csv, json) =
        (Csv::<SingleSample>::new(&files.csv), JsonLines::<SingleSample>::new(&files.json));
    // By rows, and by columns where there are any.
    let errors: [Result<()>; 4] = [
        csv.read_all().map(drop),
        model.evaluate_from(&csv).map(drop),
        json.read_all().map(drop),
        model.evaluate_from(&json).map(drop),
    ];
    let message = |error: Result<()>| {
        let text = error.map_or_else(|error| error.to_string(), |()| "taken".to_owned());
        text.split_once(", line ").map_or(text.clone(), |(_, rest)| rest.to_owned())
    };
    errors.into_iter().map(message).collect()
}

#[track_caller]
fn assert_refused(cells: [&str; 3], line: usize, expected: &str) {
    let found = refusals(cells[0], cells[1], cells[2]);
    assert_eq!(found[..2], [format!("{line}: {expected}"), format!("{line}: {expected}")]);
    let json = format!("2: {expected}");
    assert_eq!(found[2..], [json.clone(), json]);
}

#[test]
fn a_whole_number_that_f32_does_not_hold_is_refused_and_the_mend_is_named() {
    for number in ["16777217", "-16777217", "1700000060"] {
        let expected = |field: &str| {
            format!(
                "field `{field}`, column `{field}`: expected a whole number that `f32` holds \
                 exactly, as all up to 16777216 (declare the field `f64`), found `{number}`"
            )
        };
        assert_refused([number, "2", "1"], 3, &expected("seconds"));
        assert_refused(["1", "2", number], 3, &expected("stars"));
    }
    // So it is where it is written as a number with a point or an exponent.
    for number in ["16777217.0", "1.6777217e7"] {
        let expected = "field `seconds`, column `seconds`: expected a whole number that `f32` \
                        holds exactly, as all up to 16777216 (declare the field `f64`), found \
                        `16777217`";
        assert_refused([number, "2", "1"], 3, expected);
    }
    let expected = "field `seconds`, column `seconds`: expected a whole number that `f32` holds \
                    exactly, as all up to 16777216 (an id is a `String`, with `categories` or \
                    `hashed`), found `9007199254740993`";
    assert_refused(["9007199254740993", "2", "1"], 3, expected);
    for number in ["16777216", "16777218", "4294967296", "0.1", "16777216.5", "6.022e23"] {
        assert_eq!(refusals(number, "2", number), ["taken"; 4], "{number}");
    }
}

#[test]
fn a_category_out_of_range_names_the_range() {
    for (found, advice) in [
        ("4294967296", " (an id is a `String`, with `categories` or `hashed`)"),
        ("6221888200042590280", " (an id is a `String`, with `categories` or `hashed`)"),
        ("-1", " (an id is a `String`, with `categories` or `hashed`)"),
        ("3.5", ""),
    ] {
        let expected = format!(
            "field `user`, column `user`: expected a whole number from 0 to 4294967295{advice}, \
             found `{found}`"
        );
        assert_refused(["1", found, "1"], 3, &expected);
    }
    for text in ["4294967295", "12345.0", "1e3"] {
        assert_eq!(refusals("1", text, "1"), ["taken"; 4], "{text}");
    }
    let rows: Vec<SingleSample> =
        read_csv_from("seconds,user,stars\n1,4294967295,1\n".as_bytes(), "rows.csv").unwrap();
    assert_eq!(rows[0].user, u32::MAX);
}

/// A way to train.
type Fit<'a> = dyn Fn(Trainer<Double, Adam>, &mut Model<Double>) + 'a;

#[test]
fn double_precision_is_read_exactly_in_rows_and_in_columns() {
    let rows = doubles();
    let files = files_of(&rows);
    let (csv, json) = (Csv::new(&files.csv), JsonLines::new(&files.json));
    assert_eq!(csv.read_all().unwrap(), rows);
    assert_eq!(json.read_all().unwrap(), rows);

    let trained = |fit: &Fit<'_>| {
        let mut model = Double::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.1)).epochs(2).batch_size(8);
        fit(trainer.shuffle_window(16).progress(Progress::silent()), &mut model);
        let inputs: Vec<DoubleInputs> = rows.iter().cloned().map(Into::into).collect();
        let predicted = model.predict(&inputs).unwrap();
        let source: Vec<Result<DoubleOutputs>> = model.predict_from(&inputs).unwrap().collect();
        assert_eq!(source.into_iter().collect::<Result<Vec<_>>>().unwrap(), predicted);
        (model, predicted)
    };
    let (model, expected) =
        trained(&|trainer, model| drop(trainer.fit_from(model, &rows).unwrap()));
    let (_, from_csv) = trained(&|trainer, model| drop(trainer.fit_from(model, &csv).unwrap()));
    let (_, from_json) = trained(&|trainer, model| drop(trainer.fit_from(model, &json).unwrap()));
    assert_eq!((&from_csv, &from_json), (&expected, &expected));
    let figures = model.evaluate(&rows).unwrap();
    assert_eq!(model.evaluate_from(&csv).unwrap(), figures);
    assert_eq!(model.evaluate_from(&json).unwrap(), figures);
}

#[test]
fn a_whole_number_that_its_type_does_not_hold_is_refused() {
    let refused = |change: &str, bytes: &str, seconds: &str| {
        let text = format!(
            "seconds,from,to,left,change,bytes,until\n{seconds},1,2,3,{change},{bytes},4\n"
        );
        let read: Result<Vec<DoubleSample>> = read_csv_from(text.as_bytes(), "rows.csv");
        read.unwrap_err().to_string()
    };
    assert_eq!(
        refused("9223372036854775808", "1", "1"),
        "rows.csv, line 2: field `change`, column `change`: expected a whole number from \
         -9223372036854775808 to 9223372036854775807 (an id is a `String`, with `categories` or \
         `hashed`), found `9223372036854775808`"
    );
    assert_eq!(
        refused("1", "-1", "1"),
        "rows.csv, line 2: field `bytes`, column `bytes`: expected a whole number from 0 to \
         18446744073709551615 (an id is a `String`, with `categories` or `hashed`), found `-1`"
    );
    let inexact = "expected a whole number that `f64` holds exactly, as all up to \
                   9007199254740992 (an id is a `String`, with `categories` or `hashed`), found \
                   `9007199254740993`";
    assert!(refused("9007199254740993", "1", "1").contains(inexact));
    assert!(refused("1", "9007199254740993", "1").contains(inexact));
    assert!(refused("1", "1", "9007199254740993").contains(inexact));

    // So it is in a struct.
    let mut rows = doubles();
    rows[3].bytes = (1 << 53) + 1;
    let mut model = Double::build(&Cpu::default(), Seed(1));
    let error = Trainer::new(Adam::new(0.1)).fit(&mut model, &rows).unwrap_err();
    assert!(matches!(&error, Error::Value { row: 3, field, .. } if field == "bytes"), "{error}");
    assert!(error.to_string().contains("expected a whole number that `f64` holds exactly"));
    rows[3] = DoubleSample { until: f64::NAN, ..double(3) };
    let error = Trainer::new(Adam::new(0.1)).fit(&mut model, &rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 3, field `until`: expected a finite number (where some rows do not know it, make the \
         target an `Option`), found NaN"
    );
}

/// A model of one input in double precision with the given preprocessing.
macro_rules! model {
    ($model:ident, [$($steps:tt)*], $ty:ty, [$($branch:tt)*]) => {
        #[multi_input_model]
        struct $model {
            #[input($($steps)*)]
            #[branch($($branch)*)]
            raw: $ty,
            #[from(raw)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            number: f32,
        }
    };
}

/// What the steps make of the rows that they learned from.
macro_rules! encoded {
    ($model:ident, $sample:ident, $rows:expr) => {{
        let mut table = Table::of_samples(&$model::GRAPH);
        for raw in $rows {
            let sample = $sample { raw, number: 0.0 };
            table.push(|row| $model::write_sample(&sample, row)).unwrap();
        }
        let all: Vec<usize> = (0..table.rows).collect();
        let fitted = Preprocessing::fit(&$model::GRAPH, &table, &all).unwrap();
        Values::clone(&fitted.encode(&table, &all, 0).unwrap().columns[0].values)
    }};
}

macro_rules! numbers {
    ($($number:expr),*) => { Values::Numbers(vec![$($number as f32),*]) };
}

model!(Standardized, [standardize], f64, [relu]);
model!(Ranged, [min_max], f64, [relu]);
model!(Sturdy, [robust], f64, [relu]);
model!(Logarithm, [log1p, min_max], f64, [relu]);
model!(Clipped, [clip(1_700_000_060.0, 1_700_000_120.0), min_max], f64, [relu]);
model!(Rescaled, [rescale(0.5, -850_000_000.0)], f64, [relu]);
model!(Normalized, [normalize(mean = [1_700_000_090.0], std = [60.0])], f64, [relu]);
model!(Binned, [bins(2)], f64, [Embedding(auto)]);
model!(ByEdges, [bins(edges = [1_700_000_060.0, 1_700_000_061.0])], f64, [Embedding(auto)]);

#[test]
fn every_step_computes_in_double_precision() {
    // NumPy: t = 1_700_000_000 + [0, 60, 120, 180]; (t - t.mean()) / t.std(), by hand
    // [-90, -30, 30, 90] / sqrt(4500).
    let standardized = numbers![-1.341_640_8, -0.447_213_6, 0.447_213_6, 1.341_640_8];
    assert_eq!(encoded!(Standardized, StandardizedSample, MOMENTS), standardized);
    let ranged = numbers![0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
    assert_eq!(encoded!(Ranged, RangedSample, MOMENTS), ranged);
    // The quartiles are 45, 90 and 135 seconds behind the first moment.
    let sturdy = numbers![-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0];
    assert_eq!(encoded!(Sturdy, SturdySample, MOMENTS), sturdy);
    // NumPy: l = log1p(t); (l - l.min()) / (l.max() - l.min()).
    let expected = [0.0, 0.3333333557022727, 0.6666666778511363, 1.0];
    let Values::Numbers(logarithms) = encoded!(Logarithm, LogarithmSample, MOMENTS) else {
        panic!()
    };
    for (found, expected) in logarithms.iter().zip(expected) {
        // An `f64` near 21 has a step of 4e-15, and the logarithms are 1e-7 apart.
        assert!((f64::from(*found) - expected).abs() < 5e-7, "{found} is not {expected}");
    }
    assert_eq!(encoded!(Clipped, ClippedSample, MOMENTS), numbers![0.0, 0.0, 1.0, 1.0]);
    assert_eq!(encoded!(Rescaled, RescaledSample, MOMENTS), numbers![0.0, 30.0, 60.0, 90.0]);
    assert_eq!(encoded!(Normalized, NormalizedSample, MOMENTS), numbers![-1.5, -0.5, 0.5, 1.5]);
    let binned = Values::Categories(vec![0, 0, 1, 1]);
    assert_eq!(encoded!(Binned, BinnedSample, MOMENTS), binned);
    let by_edges = [1_700_000_059.0, 1_700_000_060.0, 1_700_000_060.5, 1_700_000_061.0];
    let expected = Values::Categories(vec![0, 1, 1, 2]);
    assert_eq!(encoded!(ByEdges, ByEdgesSample, by_edges), expected);
}

model!(Mean, [impute(mean), rescale(1.0, -1_700_000_000.0)], [f64; 1], [relu]);
model!(Median, [impute(median), rescale(1.0, -1_700_000_000.0)], [f64; 1], [relu]);
model!(Frequent, [impute(most_frequent), rescale(1.0, -1_700_000_000.0)], [f64; 1], [relu]);
model!(
    Flagged,
    [impute(constant = 1_700_000_060.0, indicator = true), standardize],
    [f64; 1],
    [relu]
);
model!(Absent, [standardize, missing = mean], Option<f64>, [relu]);
model!(Alone, [missing = mean], Option<f64>, [relu]);

#[test]
fn what_stands_in_for_a_missing_number_is_exact() {
    let [first, second, third, fourth] = MOMENTS.map(|moment| [moment]);
    let rows = || [first, second, second, [f64::NAN], fourth];
    assert_eq!(encoded!(Mean, MeanSample, rows()), numbers![0.0, 60.0, 60.0, 75.0, 180.0]);
    assert_eq!(encoded!(Median, MedianSample, rows()), numbers![0.0, 60.0, 60.0, 60.0, 180.0]);
    // Of several the smallest.
    let rows = || [fourth, third, fourth, [f64::NAN], third];
    assert_eq!(
        encoded!(Frequent, FrequentSample, rows()),
        numbers![180.0, 120.0, 180.0, 120.0, 120.0]
    );
    // The mean of 0, 60 and 120 is 60, and the deviation sqrt(2400).
    let far = 60.0 / 2400f64.sqrt();
    let (missing, flag) =
        ((1.0 - 1.0 / 3.0) / (2.0f64 / 9.0).sqrt(), (0.0 - 1.0 / 3.0) / (2.0f64 / 9.0).sqrt());
    let Values::Numbers(flagged) = encoded!(Flagged, FlaggedSample, [first, [f64::NAN], third])
    else {
        panic!()
    };
    let expected = [-far, flag, 0.0, missing, far, flag];
    for (found, expected) in flagged.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-6, "{flagged:?}");
    }
    let absent = [Some(MOMENTS[0]), None, Some(MOMENTS[2])];
    assert_eq!(encoded!(Absent, AbsentSample, absent), numbers![-1.0, 0.0, 1.0]);
    assert_eq!(
        encoded!(Alone, AloneSample, [Some(0.25), None, Some(0.75)]),
        numbers![0.25, 0.5, 0.75]
    );
}

model!(Resized, [resize(1, 1)], [[[f64; 2]; 2]; 1], [Flatten]);

#[test]
fn a_column_is_constant_by_the_rounding_of_its_type_and_pictures_become_f32() {
    // 1.2e-7 of 1.7e9 is 203 seconds: in `f32` these would be one moment.
    let constant = [MOMENTS[1]; 3];
    assert_eq!(encoded!(Standardized, StandardizedSample, constant), numbers![0.0, 0.0, 0.0]);
    let two = [MOMENTS[1], MOMENTS[1] + 1.0];
    assert_eq!(encoded!(Standardized, StandardizedSample, two), numbers![-1.0, 1.0]);
    assert_eq!(encoded!(Ranged, RangedSample, two), numbers![0.0, 1.0]);
    let picture = [[[[1.0, 2.0], [3.0, 4.5]]]];
    assert_eq!(encoded!(Resized, ResizedSample, picture), numbers![2.625]);
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Plain {
    #[input]
    raw: [f64; 2],
    #[from(raw)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    number: f64,
}

#[test]
fn without_a_step_a_number_becomes_f32_or_is_refused() {
    let model = Plain::build(&Cpu::default(), Seed(1));
    let predict =
        |raw: [f64; 2]| model.predict(&[PlainInputs { raw: [0.5, 1.0] }, PlainInputs { raw }]);
    assert!(predict([0.1, 16_777_216.0]).is_ok());
    for (number, found) in [(1_700_000_060.0, "1700000060"), (-16_777_217.0, "-16777217")] {
        let error = predict([0.1, number]).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "row 1, field `raw`: expected a number that `f32` holds, in which layers compute: \
                 whole ones exactly, as all up to 16777216 (`standardize` computes in `f64`), \
                 found {found}"
            )
        );
    }
    let error = predict([1e39, 0.0]).unwrap_err().to_string();
    assert!(
        error.contains("row 1, field `raw`: expected a finite number that `f32` can hold"),
        "{error}"
    );
    // The loss compares with a target as it is.
    let rows = vec![PlainSample { raw: [0.0, 0.0], number: 16_777_217.0 }; 2];
    let loss = model.evaluate(&rows).unwrap().loss();
    assert_eq!(loss, 16_777_217.0f64.powi(2), "the bias is zero");
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    #[input(standardize)]
    seconds: f64,
    #[from(seconds)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

/// The same with the target in seconds.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    #[input]
    minutes: f32,
    #[from(minutes)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    seconds: f64,
}

#[test]
fn a_model_tells_moments_a_minute_apart() {
    let row = |(i, seconds): (usize, f64)| RatingSample { seconds, stars: 1.0 + i as f32 };
    let rows: Vec<_> = MOMENTS.into_iter().enumerate().map(row).collect();
    let mut model = Rating::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(300).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let inputs = MOMENTS.map(|seconds| RatingInputs { seconds });
    let stars = |model: &Model<Rating>| -> Vec<f32> {
        model.predict(&inputs).unwrap().iter().map(|outputs| outputs.stars).collect()
    };
    for (found, expected) in stars(&model).iter().zip([1.0, 2.0, 3.0, 4.0]) {
        assert!((found - expected).abs() < 0.01, "{found} is not {expected}");
    }
    let learned = model.preprocessing().unwrap().learned("seconds", "standardize").unwrap();
    assert_eq!(learned["shift"][0], 1_700_000_090.0);
    assert_eq!(learned["scale"][0], 4500f64.sqrt());

    // What is saved is what is loaded, and importance is by whole inputs.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rating.safetensors");
    model.save(&path).unwrap();
    assert_eq!(stars(&Model::load(&path, &Cpu::default()).unwrap()), stars(&model));
    let importance = Importance::by_permutation(&model, &rows, 3, Seed(1)).unwrap();
    assert!(importance.inputs[0].increase > 0.1, "{importance}");
}

#[test]
fn a_target_in_double_precision_is_predicted_and_measured_in_it() {
    let row = |(i, seconds): (usize, f64)| ArrivalSample { minutes: i as f32, seconds };
    let rows: Vec<_> = MOMENTS.into_iter().enumerate().map(row).collect();
    let mut model = Arrival::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(300).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let inputs = [0.0, 1.0, 2.0, 3.0].map(|minutes| ArrivalInputs { minutes });
    let predicted = model.predict(&inputs).unwrap();
    let away = |(outputs, seconds): (&ArrivalOutputs, f64)| (outputs.seconds - seconds).abs();
    let away: Vec<f64> = predicted.iter().zip(MOMENTS).map(away).collect();
    assert!(away.iter().all(|away| *away < 1.0), "{away:?}");
    let mae = model.evaluate(&rows).unwrap().get("mae").unwrap();
    assert!((mae - away.iter().sum::<f64>() / 4.0).abs() < 1e-9, "{mae}");
}

/// In how many bits rows hold a number is no part of a model: to declare a field `f64` keeps what was
/// trained.
#[test]
fn a_model_of_f32_is_loaded_into_one_of_f64() {
    mod before {
        use multi_input::prelude::*;

        #[multi_input_model]
        #[derive(Clone)]
        pub struct Rating {
            #[input(standardize)]
            seconds: f32,
            #[from(seconds)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            stars: f32,
        }
    }
    let mut model = before::Rating::build(&Cpu::default(), Seed(1));
    let rows = [1.0, 2.0, 4.0].map(|seconds| before::RatingSample { seconds, stars: seconds });
    Trainer::new(Adam::new(0.1)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    let expected = model.predict(&[before::RatingInputs { seconds: 3.0 }]).unwrap()[0].stars;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rating.safetensors");
    model.save(&path).unwrap();
    let model = Model::<Rating>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(model.predict(&[RatingInputs { seconds: 3.0 }]).unwrap()[0].stars, expected);
}
