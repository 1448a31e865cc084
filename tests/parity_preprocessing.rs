//! Every step of preprocessing against its counterpart in Keras or scikit-learn, from the answers
//! that `fixtures/preprocessing_keras.py` and `fixtures/preprocessing_sklearn.py` recorded.

use multi_input::{
    data::{Table, Values},
    definition::Definition,
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
        (encoded.columns[0].values.clone(), fitted)
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
            let learned = fitted.learned("raw", "words").unwrap();
            assert_eq!(learned, keras[$case]["vocabulary"], "the vocabulary of {}", $case);
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
