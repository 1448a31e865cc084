//! Attributions as Captum's `IntegratedGradients`, `ShapleyValues` and `ShapleyValueSampling`, from the
//! answers that `fixtures/captum_attributions.py` recorded.

use dfdx::prelude::Cpu;
use multi_input::{attribution::Attribution, multi_input_model, Class, Model, Seed};
use serde_json::Value as Json;

use crate::support::set;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Flat {
    #[input]
    #[branch(Dense(5, tanh))]
    left: [f32; 3],
    #[input]
    #[branch(Dense(4, relu))]
    right: [f32; 2],
    #[input]
    #[branch(Embedding(4, 3))]
    kind: u32,
    #[merge(concat(left, right, kind))]
    #[branch(Dense(6, tanh))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f64,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    topic: Class<3>,
}

fn fixture() -> Json {
    let path = format!("{}/fixtures/attributions.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(json: &Json) -> T {
    serde_json::from_value(json.clone()).unwrap()
}

fn model(fixture: &Json) -> Model<Flat, f64> {
    let mut model = Model::<Flat, f64>::build(&Cpu::default(), Seed(0));
    let weights = |name: &str| -> Vec<f64> { read(&fixture["weights"][name]) };
    let names = ["left", "right", "joined", "price", "topic"];
    let tensors = names.iter().flat_map(|name| {
        ["weight", "bias"]
            .map(|tensor| (format!("{name}.0.{tensor}"), weights(&format!("{name}.{tensor}"))))
    });
    // A row of the table is a column of Captum's linear layer on one-hot categories.
    let linear = weights("kind.weight");
    let table = (0..12).map(|index| linear[index % 3 * 4 + index / 3]).collect();
    let tensors: Vec<_> = tensors.chain([("kind.0.weight".to_owned(), table)]).collect();
    set(model.module_mut(), &tensors);
    model
}

fn rows(json: &Json) -> Vec<FlatInputs> {
    let (left, right): (Vec<[f32; 3]>, Vec<[f32; 2]>) = (read(&json["left"]), read(&json["right"]));
    let kinds: Vec<u32> = read(&json["kind"]);
    let rows = left.into_iter().zip(right).zip(kinds);
    rows.map(|((left, right), kind)| FlatInputs { left, right, kind }).collect()
}

fn compare(found: &Attribution, expected: &[f64], tolerance: f64) {
    assert_eq!(found.features.len(), expected.len());
    for (share, expected) in found.features.iter().zip(expected) {
        let difference = (share.attribution - expected).abs();
        assert!(difference < tolerance + 4.0 * share.error, "{share:?} {expected}");
    }
}

#[test]
fn integrated_gradients_are_captums() {
    let fixture = fixture();
    let (model, rows) = (model(&fixture), rows(&fixture["rows"]));
    let first = &self::rows(&fixture["background"])[0];
    for (index, row) in rows.iter().enumerate() {
        let baselines = [
            ("zeros", FlatInputs { left: [0.0; 3], right: [0.0; 2], kind: row.kind }),
            ("first", FlatInputs { kind: row.kind, ..first.clone() }),
        ];
        for (name, baseline) in &baselines {
            let price = Attribution::integrated_gradients(&model, Flat::price);
            let topic = Attribution::integrated_gradients(&model, Flat::topic).element(1);
            let found = [
                (0, price.by_column().baseline(baseline).unwrap().explain_row(row).unwrap()),
                (2, topic.by_column().baseline(baseline).unwrap().explain_row(row).unwrap()),
            ];
            for (target, found) in found {
                let expected: Vec<Vec<f64>> =
                    read(&fixture[format!("integrated_gradients.{name}.{target}")]);
                // Points of the path are encoded in `f32`.
                compare(&found, &expected[index], 2e-6);
                let delta: Vec<f64> = read(&fixture[format!("delta.{name}.{target}")]);
                assert!((found.residual() + delta[index]).abs() < 2e-6, "{}", found.residual());
            }
        }
    }
}

#[test]
fn shapley_values_are_captums() {
    let fixture = fixture();
    let (model, rows) = (model(&fixture), rows(&fixture["rows"]));
    let background = self::rows(&fixture["background"]);
    let sample = |row: &FlatInputs| {
        let FlatInputs { left, right, kind } = row.clone();
        FlatSample { left, right, kind, price: 0.0, topic: Class::new(0).unwrap() }
    };
    let samples: Vec<FlatSample> = background.iter().map(sample).collect();
    let predictions: Vec<Vec<f64>> = read(&fixture["predictions"]);
    for target in [0, 2] {
        let expected = |name: &str| -> Vec<Vec<f64>> { read(&fixture[format!("{name}.{target}")]) };
        let explain = |background: bool, sampled: bool| {
            macro_rules! explain {
                ($output:expr) => {{
                    let shapley = Attribution::shapley(&model, $output).element(target / 2);
                    let shapley = match background {
                        true => shapley.background(&samples).unwrap(),
                        false => shapley.baseline(&self::rows(&fixture["background"])[0]).unwrap(),
                    };
                    let most = if sampled { 0 } else { 1 << 10 };
                    shapley.by_column().exact_up_to(most).explain(&rows).unwrap()
                }};
            }
            match target {
                0 => explain!(Flat::price),
                _ => explain!(Flat::topic),
            }
        };
        let found = explain(false, false);
        for (index, found) in found.iter().enumerate() {
            assert!((found.prediction - predictions[index][target]).abs() < 1e-9);
            // Captum adds up 720 orders in `f32`.
            compare(found, &expected("shapley.first")[index], 2e-5);
        }
        for (index, found) in explain(true, false).iter().enumerate() {
            compare(found, &expected("shapley.background")[index], 2e-5);
        }
        for (index, found) in explain(false, true).iter().enumerate() {
            compare(found, &expected("shapley.first")[index], 2e-5);
            // The answer of Captum's random orders has an error of its own.
            compare(found, &expected("shapley_sampling.first")[index], 0.15);
        }
    }
}
