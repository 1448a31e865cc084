//! The names are other names of what exists, once, and what is recommended exists.

use std::collections::HashMap;

use super::*;

#[test]
fn another_name_is_of_one_thing_and_none_of_its_own() {
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        let names = kind.names();
        let mut seen: HashMap<String, &str> = HashMap::new();
        for Named(name, also) in &names {
            for other in *also {
                let key = without_suffix(&letters(other)).to_owned();
                let is_twice = seen.insert(key, name).is_some();
                if is_twice || is_same(other, name) || kind.find(other) != Some(*name) {
                    wrong.push((kind, *name, *other));
                }
            }
        }
        let absent = ABSENT.iter().filter(|row| row.kind == kind).flat_map(|row| row.names);
        wrong.extend(absent.filter_map(|name| Some((kind, kind.find(name)?, *name))));
    }
    assert_eq!(wrong, []);
}

#[test]
fn letter_case_underscores_and_suffixes_make_no_difference() {
    for (kind, given, name) in [
        (Kind::Layer, "Linear", "Dense"),
        (Kind::Layer, "GlobalAvgPool2D", "GlobalAveragePool2D"),
        (Kind::Layer, "conv_2d", "Conv2D"),
        (Kind::Loss, "MSELoss", "mse"),
        (Kind::Loss, "BCEWithLogitsLoss", "binary_cross_entropy"),
        (Kind::Loss, "BinaryCrossentropy", "binary_cross_entropy"),
        (Kind::Metric, "RMSE", "rmse"),
        (Kind::Merge, "Concatenate", "concat"),
        (Kind::Activation, "LeakyReLU", "leaky_relu"),
        (Kind::Step, "RandomFlip", "flip"),
    ] {
        assert_eq!(kind.find(given), Some(name), "{given}");
    }
    assert_eq!(Kind::Loss.find("loss"), None);
    assert_eq!(Kind::Layer.find("Glue"), None);
}

/// The words in backquotes of what is recommended are names of this crate, but for those of the
/// user's own and of Rust.
#[test]
fn what_is_recommended_exists() {
    const OF_THE_USER: &[&str] =
        &["my", "Name", "first", "second", "channels", "features", "steps"];
    const OF_RUST: &[&str] = &[
        "f32",
        "bool",
        "u32",
        "String",
        "Option",
        "Image",
        "Class",
        "N",
        "NaiveDate",
        "Trainer",
        "build",
        "confusion_matrix",
        "d",
        "m",
        "Y",
        "e",
        "x",
        "true",
        "false",
    ];
    let mut known: Vec<&str> =
        [OF_THE_USER, OF_RUST, &["shared", "frozen", "format", "unit"]].concat();
    for kind in Kind::ALL {
        known.extend(kind.names().iter().map(|Named(name, _)| *name));
    }
    for table in [ATTRIBUTES, INPUT_OPTIONS, OUTPUT_OPTIONS, ARGUMENTS, WORDS] {
        known.extend(table.iter().map(|Named(name, _)| *name));
    }
    known.extend(parameters());
    let mut unknown = Vec::new();
    let texts = ABSENT.iter().map(|row| row.instead).chain(WITHOUT.iter().map(|row| row.1));
    for text in texts {
        for code in text.split('`').skip(1).step_by(2) {
            let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            for word in words.filter(|word| word.starts_with(|c: char| c.is_alphabetic())) {
                if !known.contains(&word) {
                    unknown.push((word, text));
                }
            }
        }
    }
    assert_eq!(unknown, []);
}

/// The table of arguments has names of arguments only.
#[test]
fn the_arguments_exist() {
    let known = parameters();
    let unknown = ARGUMENTS.iter().filter(|Named(name, _)| !known.contains(name));
    assert_eq!(unknown.map(|Named(name, _)| *name).collect::<Vec<_>>(), [""; 0]);
}

/// The names of all arguments.
fn parameters() -> Vec<&'static str> {
    let layers = LAYERS.iter().flat_map(|row| row.parameters);
    let merges = MERGES.iter().flat_map(|row| row.parameters);
    let steps = STEPS.iter().flat_map(|row| row.parameters);
    let metrics = METRICS.iter().flat_map(|row| row.parameters);
    let derivations = DERIVATIONS.iter().flat_map(|row| row.parameters);
    let rows = layers.chain(merges).chain(steps).chain(metrics).chain(derivations);
    let of_losses = LOSSES.iter().flat_map(|row| row.parameters).map(|number| number.name);
    let listed = LOSSES.iter().filter_map(|row| row.listed).map(|(name, _)| name);
    rows.map(|parameter| parameter.name).chain(of_losses).chain(listed).collect()
}
