//! Every step of preprocessing against its counterpart in Keras or scikit-learn, from the answers
//! that `fixtures/preprocessing_keras.py` and `fixtures/preprocessing_sklearn.py` recorded.

use multi_input::{
    data::{chrono, Table, Values},
    prelude::*,
    preprocess::Preprocessing,
};
use serde_json::Value as Json;

/// A model of one input with the given preprocessing.
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

/// The encoded values of `new` rows after fitting on `rows`, and what the first step learned.
macro_rules! encode {
    ($model:ident, $sample:ident, $rows:expr, $new:expr) => {{
        let mut table = Table::of_samples(&$model::GRAPH);
        let (rows, new): (Vec<_>, Vec<_>) = ($rows, $new);
        let training: Vec<usize> = (0..rows.len()).collect();
        for raw in rows.into_iter().chain(new) {
            let sample = $sample { raw, number: 0.0 };
            table.push(|row| $model::write_sample(&sample, row)).unwrap();
        }
        let fitted = Preprocessing::fit(&$model::GRAPH, &table, &training).unwrap();
        let rest: Vec<usize> = (training.len()..table.rows).collect();
        let encoded = fitted.encode(&table, &rest, 0).unwrap();
        (Values::clone(&encoded.columns[0].values), fitted)
    }};
}

fn fixture(name: &str) -> Json {
    let path = format!("{}/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The numbers of a list of lists of any depth.
fn flat(list: &Json) -> Vec<f64> {
    match list {
        Json::Array(items) => items.iter().flat_map(flat).collect(),
        Json::Null => vec![f64::NAN],
        number => vec![number.as_f64().unwrap()],
    }
}

fn indices(list: &Json) -> Values {
    Values::Categories(flat(list).into_iter().map(|index| index as u32).collect())
}

#[track_caller]
fn assert_close(values: &Values, expected: &Json, tolerance: f64) {
    let (Values::Numbers(numbers), expected) = (values, flat(expected)) else {
        panic!("{values:?}")
    };
    assert_eq!(numbers.len(), expected.len());
    let scale = expected.iter().fold(1.0, |scale: f64, number| scale.max(number.abs()));
    for (ours, theirs) in numbers.iter().zip(&expected) {
        if theirs.is_nan() {
            assert!(ours.is_nan(), "{ours} is not missing");
            continue;
        }
        let apart = (f64::from(*ours) - theirs).abs() / scale;
        assert!(apart <= tolerance, "{ours} is not {theirs}");
    }
}

model!(Words, [words(20, 6)], String, [Embedding(20, 1), Flatten]);
model!(WordsAfter, [words(20, 6, padding = after)], String, [Embedding(20, 1), Flatten]);
model!(WordsFew, [words(6, 6)], String, [Embedding(6, 1), Flatten]);
model!(WordsNgrams, [words(12, 8, ngrams = 2)], String, [Embedding(12, 1), Flatten]);
model!(WordsCase, [words(20, 6, lowercase = false)], String, [Embedding(20, 1), Flatten]);
model!(WordsMarks, [words(20, 6, punctuation = keep)], String, [Embedding(20, 1), Flatten]);

#[test]
fn words_are_those_of_keras() {
    let keras = fixture("preprocessing_keras");
    let (rows, new) = (texts(&keras["texts"]), texts(&keras["new_texts"]));
    macro_rules! check {
        ($model:ident, $sample:ident, $case:literal, $side:literal) => {
            let (values, fitted) = encode!($model, $sample, rows.clone(), new.clone());
            let learned = &fitted.learned("raw", "words").unwrap()["entries"];
            assert_eq!(learned, &keras[$case]["vocabulary"], "the vocabulary of {}", $case);
            assert_eq!(values, indices(&keras[$case][$side]), "{}", $case);
        };
    }
    check!(Words, WordsSample, "words", "before");
    check!(WordsAfter, WordsAfterSample, "words", "after");
    check!(WordsFew, WordsFewSample, "words_few", "before");
    check!(WordsNgrams, WordsNgramsSample, "words_ngrams", "before");
    check!(WordsCase, WordsCaseSample, "words_case", "before");
    check!(WordsMarks, WordsMarksSample, "words_punctuation", "before");
}

model!(Grown, [resize(8, 9)], Image<3>, [Flatten]);
model!(Shrunk, [resize(4, 4)], Image<3>, [Flatten]);
model!(Dot, [resize(3, 2)], Image<3>, [Flatten]);
model!(Kept, [resize(6, 6)], Image<1>, [Flatten]);
model!(Uneven, [resize(3, 5)], Image<1>, [Flatten]);
model!(Nearest, [resize(4, 4, interpolation = nearest)], Image<3>, [Flatten]);
model!(NearestGrown, [resize(8, 9, interpolation = nearest)], Image<1>, [Flatten]);
model!(FromNumbers, [resize(4, 4)], [[[f32; 5]; 7]; 3], [Flatten]);

#[test]
fn pictures_are_resized_as_keras_does_it() {
    let keras = fixture("preprocessing_keras");
    let mut cases = keras["resize"].as_array().unwrap().iter();
    macro_rules! check {
        ($model:ident, $sample:ident) => {
            let case = cases.next().unwrap();
            let (values, _) = encode!($model, $sample, vec![], vec![picture(case)]);
            assert_close(&values, &case["answer"], 1e-6);
        };
    }
    check!(Shrunk, ShrunkSample);
    check!(Grown, GrownSample);
    check!(Dot, DotSample);
    check!(Kept, KeptSample);
    check!(Uneven, UnevenSample);
    check!(Nearest, NearestSample);
    check!(NearestGrown, NearestGrownSample);
    assert!(cases.next().is_none());

    let case = &keras["resize"][0];
    let pixels = flat(&case["pixels"]);
    let image = std::array::from_fn(|channel| {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| pixels[(row * 5 + column) * 3 + channel] as f32)
        })
    });
    let (values, _) = encode!(FromNumbers, FromNumbersSample, vec![], vec![image]);
    assert_close(&values, &case["answer"], 1e-6);
}

fn picture<const C: usize>(case: &Json) -> Image<C> {
    let size = |name: &str| case[name].as_u64().unwrap() as usize;
    let pixels = flat(&case["pixels"]).into_iter().map(|value| value as u8).collect();
    Image::new(size("height"), size("width"), pixels).unwrap()
}

model!(Rescaled, [rescale(1.0 / 127.5, -1.0)], [f32; 4], [relu]);
model!(Standardized, [standardize], [f32; 3], [relu]);

#[test]
fn numbers_are_scaled_as_keras_does_it() {
    let keras = fixture("preprocessing_keras");
    let (values, _) = encode!(Rescaled, RescaledSample, vec![], vec![[0.0, 3.0, 127.0, 255.0]]);
    assert_close(&values, &keras["rescale"], 1e-6);
    let case = &keras["normalization"];
    let rows: Vec<[f32; 3]> = rows(&case["rows"]);
    let new = rows[..8].to_vec();
    let (values, _) = encode!(Standardized, StandardizedSample, rows.clone(), new);
    assert_close(&values, &case["answer"], 1e-6);
}

fn rows<const N: usize>(list: &Json) -> Vec<[f32; N]> {
    let row = |row: &Json| {
        let numbers: Vec<f32> = flat(row).into_iter().map(|number| number as f32).collect();
        numbers.try_into().unwrap()
    };
    list.as_array().unwrap().iter().map(row).collect()
}

model!(MinMaxed, [min_max], [f32; 3], [relu]);
model!(Ranged, [min_max(-1.0, 3.0)], [f32; 3], [relu]);
model!(Robusted, [robust], [f32; 3], [relu]);
model!(Logged, [log1p], [f32; 3], [relu]);
model!(Clipped, [clip(-5.0, 10.0)], [f32; 3], [relu]);
model!(Binned, [bins(4)], [f32; 3], [Embedding(4, 1), Flatten]);
model!(Edged, [bins(edges = [-1.0, 0.0, 2.5])], [f32; 8], [Embedding(4, 1), Flatten]);
model!(Edge, [bins(edges = [-1.0, 0.0, 2.5])], f32, [Embedding(4, 1)]);

#[test]
fn columns_of_numbers_are_those_of_scikit_learn() {
    let sklearn = fixture("preprocessing_sklearn");
    let (training, new) = (rows::<3>(&sklearn["rows"]), rows::<3>(&sklearn["new"]));
    macro_rules! check {
        ($model:ident, $sample:ident, $case:literal) => {
            let (values, _) = encode!($model, $sample, training.clone(), new.clone());
            assert_close(&values, &sklearn[$case], 1e-6);
        };
    }
    check!(Standardized, StandardizedSample, "standardize");
    check!(MinMaxed, MinMaxedSample, "min_max");
    check!(Ranged, RangedSample, "min_max_range");
    check!(Robusted, RobustedSample, "robust");
    check!(Clipped, ClippedSample, "clip");
    let positive = new.iter().map(|row| row.map(f32::abs)).collect();
    let (values, _) = encode!(Logged, LoggedSample, vec![], positive);
    assert_close(&values, &sklearn["log1p"], 1e-6);

    let (values, _) = encode!(Binned, BinnedSample, training.clone(), new.clone());
    assert_eq!(values, indices(&sklearn["bins"]));
    let repeated = rows::<3>(&sklearn["repeated"]);
    let (values, _) = encode!(Binned, BinnedSample, repeated, new.clone());
    assert_eq!(values, indices(&sklearn["bins_repeated"]));
    let edges = &fixture("preprocessing_keras")["bins_edges"];
    let row: [f32; 8] =
        flat(&edges["rows"]).iter().map(|x| *x as f32).collect::<Vec<_>>().try_into().unwrap();
    let (values, _) = encode!(Edged, EdgedSample, vec![], vec![row]);
    assert_eq!(values, indices(&edges["answer"]));
    let (values, _) = encode!(Edge, EdgeSample, vec![], row.to_vec());
    assert_eq!(values, indices(&edges["answer"]));
}

model!(Mean, [impute(mean)], [f32; 3], [relu]);
model!(Median, [impute(median)], [f32; 3], [relu]);
model!(Frequent, [impute(most_frequent)], [f32; 3], [relu]);
model!(Constant, [impute(constant = -1.5)], [f32; 3], [relu]);
model!(Flagged, [impute(mean, indicator = true)], [f32; 3], [Dense(2)]);
model!(Chained, [impute(median), standardize], [f32; 3], [relu]);
model!(Reversed, [standardize, impute(constant = 9.0)], [f32; 3], [relu]);

#[test]
fn missing_numbers_are_filled_as_scikit_learn_does_it() {
    let sklearn = fixture("preprocessing_sklearn");
    let (training, new) = (rows::<3>(&sklearn["holes"]), rows::<3>(&sklearn["new_holes"]));
    macro_rules! check {
        ($model:ident, $sample:ident, $case:literal) => {
            let (values, _) = encode!($model, $sample, training.clone(), new.clone());
            assert_close(&values, &sklearn[$case], 1e-6);
        };
    }
    check!(Mean, MeanSample, "impute_mean");
    check!(Median, MedianSample, "impute_median");
    check!(Frequent, FrequentSample, "impute_most_frequent");
    check!(Constant, ConstantSample, "impute_constant");
    check!(Flagged, FlaggedSample, "impute_indicator");
    check!(Chained, ChainedSample, "impute_then_standardize");

    // What is missing is left out of a mean, too.
    let (values, _) = encode!(Reversed, ReversedSample, training, new);
    let Json::Array(expected) = sklearn["standardize_holes"].clone() else { panic!() };
    let nine = |number: Json| if number.is_null() { Json::from(9.0) } else { number };
    let filled = expected.into_iter().map(|row| match row {
        Json::Array(row) => Json::Array(row.into_iter().map(nine).collect()),
        other => other,
    });
    assert_close(&values, &Json::Array(filled.collect()), 1e-6);
}

model!(Labelled, [categories(6)], String, [Embedding(6, 1)]);
model!(Coded, [categories(6)], u32, [Embedding(6, 1)]);
model!(Hashed, [hashed(11, salt = 133)], String, [Embedding(11, 1)]);
model!(HashedCodes, [hashed(11, salt = 133)], [u32; 5], [Embedding(11, 1), Flatten]);
model!(OneHot, [one_hot(5)], u32, [relu]);
model!(OneHotLabels, [categories(5), one_hot(5)], String, [relu]);
model!(MultiHot, [multi_hot(5)], [u32; 3], [relu]);

#[test]
fn categories_are_those_of_keras_and_scikit_learn() {
    let (keras, sklearn) = (fixture("preprocessing_keras"), fixture("preprocessing_sklearn"));
    let (labels, new) = (texts(&keras["labels"]), texts(&keras["new_labels"]));
    let (values, fitted) = encode!(Labelled, LabelledSample, labels, new);
    assert_eq!(values, indices(&keras["categories"]["indices"]));
    let learned = &fitted.learned("raw", "categories").unwrap()["entries"];
    assert_eq!(learned, &keras["categories"]["vocabulary"]);
    let (_, _, overflow) = fitted.overflow()[0];
    assert_eq!((overflow.entries, overflow.occurrences, overflow.of), (1, 1, 9));

    let codes = |name: &str| flat(&keras[name]).iter().map(|code| *code as u32).collect();
    let (values, _) = encode!(Coded, CodedSample, codes("codes"), codes("new_codes"));
    assert_eq!(values, indices(&keras["categories_of_codes"]["indices"]));

    let (values, _) = encode!(Hashed, HashedSample, vec![], texts(&keras["new_texts"]));
    assert_eq!(values, indices(&keras["hashed"]));
    let row: [u32; 5] = codes("new_codes").try_into().unwrap();
    let (values, _) = encode!(HashedCodes, HashedCodesSample, vec![], vec![row]);
    assert_eq!(values, indices(&keras["hashed_codes"]));

    let (values, _) = encode!(OneHot, OneHotSample, vec![], vec![0, 4, 2]);
    assert_close(&values, &keras["one_hot"], 0.0);
    let (values, _) = encode!(MultiHot, MultiHotSample, vec![], vec![[0, 4, 4], [2, 1, 0]]);
    assert_close(&values, &keras["multi_hot"], 0.0);
    assert_close(&values, &sklearn["multi_hot"], 0.0);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let (values, _) = encode!(
        OneHotLabels,
        OneHotLabelsSample,
        words(&["b", "a", "c", "a"]),
        words(&["c", "a", "b"])
    );
    let Values::Numbers(numbers) = values else { panic!() };
    // The first two columns are for padding and the unknown.
    let known: Vec<f32> = numbers.chunks(5).flat_map(|row| row[2..].to_vec()).collect();
    assert_close(&Values::Numbers(known), &sklearn["one_hot"], 0.0);
}

model!(
    Dates,
    [calendar(
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        month_cycle,
        day_cycle,
        weekday_cycle,
        hour_cycle,
        year_cycle
    )],
    NaiveDateTime,
    [relu]
);

#[test]
fn dates_are_taken_apart_as_pandas_does_it() {
    let sklearn = fixture("preprocessing_sklearn");
    let date =
        |text: String| chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").unwrap();
    let dates = texts(&sklearn["dates"]).into_iter().map(date).collect();
    let (values, _) = encode!(Dates, DatesSample, vec![], dates);
    let Values::Numbers(numbers) = &values else { panic!() };
    for (ours, theirs) in numbers.iter().zip(flat(&sklearn["calendar"])) {
        assert!((f64::from(*ours) - theirs).abs() < 1e-6, "{ours} is not {theirs}");
    }
}

model!(Even, [center_crop(4, 4)], Image<3>, [Flatten]);
model!(Odd, [center_crop(4, 6)], Image<1>, [Flatten]);
model!(Whole, [center_crop(5, 5)], Image<3>, [Flatten]);
model!(
    Normalized,
    [resize(1, 2), normalize(mean = [10.0, 20.0], std = [2.0, 4.0])],
    Image<2>,
    [Flatten]
);

#[test]
fn pictures_are_cropped_as_keras_does_it() {
    let keras = fixture("preprocessing_keras");
    let mut cases = keras["center_crop"].as_array().unwrap().iter();
    macro_rules! check {
        ($model:ident, $sample:ident) => {
            let case = cases.next().unwrap();
            let (values, _) = encode!($model, $sample, vec![], vec![picture(case)]);
            assert_close(&values, &case["answer"], 0.0);
        };
    }
    check!(Even, EvenSample);
    check!(Odd, OddSample);
    check!(Whole, WholeSample);
    let picture = Image::new(1, 2, vec![12, 24, 14, 16]).unwrap();
    let (values, _) = encode!(Normalized, NormalizedSample, vec![], vec![picture]);
    assert_eq!(values, Values::Numbers(vec![1.0, 2.0, 1.0, -1.0]));
}
