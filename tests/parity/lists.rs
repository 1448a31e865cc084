//! Lists of unequal length: padding as Keras's `pad_sequences`, bags as PyTorch's `EmbeddingBag`,
//! from the answers that `fixtures/lists.py` recorded.

use dfdx::prelude::*;
use multi_input::{
    data::{Table, Values},
    definition::RowTypes,
    layer::{
        embedding_bag::{MAX, MEAN, SUM},
        EmbeddingBag, Mask, MaskedModule,
    },
    multi_input_model,
    preprocess::Preprocessing,
};
use serde_json::Value as Json;

use crate::Traced;

fn fixture() -> Json {
    let path = format!("{}/fixtures/lists.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(json: &Json) -> T {
    serde_json::from_value(json.clone()).unwrap()
}

macro_rules! padded_model {
    ($model:ident, $sample:ident, [$($codes:tt)*], [$($points:tt)*], $side:literal) => {{
        #[multi_input_model]
        struct $model {
            #[input(pad(4, $($codes)*))]
            #[branch(EmbeddingBag(10, 1))]
            codes: Vec<u32>,
            #[input(pad(3, $($points)*))]
            #[branch(LSTM(1))]
            points: Vec<[f32; 2]>,
            #[merge(concat(codes, points))]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            y: f32,
        }
        let fixture = fixture();
        let (lists, points): (Vec<Vec<u32>>, Vec<Vec<[f32; 2]>>) =
            (read(&fixture["lists"]), read(&fixture["points"]));
        let mut table = Table::of_samples(&$model::GRAPH);
        for (index, codes) in lists.iter().enumerate() {
            let points = points[index % points.len()].clone();
            let sample = $sample { codes: codes.clone(), points, y: 0.0 };
            table.push(|row| $model::write_sample(&sample, row)).unwrap();
        }
        let all: Vec<usize> = (0..table.rows).collect();
        let fitted = Preprocessing::without_fitting(&$model::GRAPH).unwrap();
        let encoded = fitted.encode(&table, &all, 0).unwrap();
        let expected: Vec<Vec<u32>> = read(&fixture["padded"][$side]);
        assert_eq!(*encoded.columns[0].values, Values::Categories(expected.concat()), $side);
        let expected: Vec<Vec<[f32; 2]>> = read(&fixture["padded_points"][$side]);
        let expected = [expected.clone(), expected].concat().concat().concat();
        assert_eq!(*encoded.columns[1].values, Values::Numbers(expected), $side);
        let lengths: Vec<u32> = lists.iter().map(|list| list.len().min(4) as u32).collect();
        assert_eq!(encoded.columns[0].lengths.as_ref().unwrap().of_rows, lengths);
    }};
}

#[test]
fn lists_are_padded_and_cut_as_by_keras() {
    padded_model!(Default, DefaultSample, [], [], "after after");
    padded_model!(CutBefore, CutBeforeSample, [cut = before], [cut = before], "after before");
    padded_model!(Before, BeforeSample, [before], [side = before], "before after");
    padded_model!(Keras, KerasSample, [before, before], [before, cut = before], "before before");
}

type Upstream = Tensor<Rank2<5, 3>, f64, Cpu>;

/// The bags, padded to the longest one, and their mask.
fn bags(fixture: &Json) -> (Tensor<Rank2<5, 7>, usize, Cpu>, Mask) {
    let bags: Vec<Vec<usize>> = read(&fixture["bags"]);
    let mask = Mask::of_lengths(bags.iter().map(Vec::len), 7, false);
    let padded = bags.iter().flat_map(|bag| bag.iter().copied().chain([0; 7]).take(7)).collect();
    (Cpu::default().tensor_from_vec(padded, Default::default()), mask)
}

fn tensor<S: Shape + ConstShape>(json: &Json) -> Tensor<S, f64, Cpu> {
    let numbers = match json[0].is_array() {
        true => read::<Vec<Vec<f64>>>(json).concat(),
        false => read(json),
    };
    Cpu::default().tensor_from_vec(numbers, S::default())
}

fn assert_close(found: &[f64], expected: &Json, what: &str) {
    let expected = read::<Vec<Vec<f64>>>(expected).concat();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-12, "{what}: {found} is not {expected}");
    }
}

fn compare<const MODE: usize>(fixture: &Json, name: &str) {
    let layer: EmbeddingBag<7, 3, MODE, f64, Cpu> =
        EmbeddingBag { weight: tensor(&fixture["weight"]) };
    let (x, mask) = bags(fixture);
    let x = x.put_tape(OwnedTape::default());
    let y: Traced<Rank2<5, 3>> = layer.try_forward_masked(x, &mask).unwrap();
    assert_close(&y.as_vec(), &fixture[name]["output"], name);
    let upstream: Upstream = tensor(&fixture["upstream"]);
    let gradients = (y * upstream).sum::<Rank0, _>().backward();
    let found = gradients.get(&layer.weight).as_vec();
    assert_close(&found, &fixture[name]["weight_gradient"], name);
}

#[test]
fn bags_and_their_gradients_are_those_of_pytorch() {
    let fixture = fixture();
    compare::<MEAN>(&fixture, "mean");
    compare::<SUM>(&fixture, "sum");
    compare::<MAX>(&fixture, "max");
}

#[test]
fn weighted_bags_are_those_of_pytorch() {
    let fixture = fixture();
    let layer: EmbeddingBag<7, 3, SUM, f64, Cpu> =
        EmbeddingBag { weight: tensor(&fixture["weight"]) };
    let (x, mask) = bags(&fixture);
    // PyTorch has the weights one behind the other, without padding.
    let mut given = read::<Vec<f64>>(&fixture["given"]).into_iter();
    let weights =
        mask.counts().iter().map(|counts| if *counts { given.next().unwrap() } else { 9.0 });
    let weights: Tensor<Rank2<5, 7>, f64, Cpu> =
        Cpu::default().tensor_from_vec(weights.collect(), Default::default());
    let x = x.put_tape(OwnedTape::default());
    let y = layer.try_forward_weighted(x, &weights, Some(&mask)).unwrap();
    let of = &fixture["weighted"];
    assert_close(&y.as_vec(), &of["output"], "weighted");
    let upstream: Upstream = tensor(&fixture["upstream"]);
    let gradients = (y * upstream).sum::<Rank0, _>().backward();
    assert_close(&gradients.get(&layer.weight).as_vec(), &of["weight_gradient"], "weighted");
    let found = gradients.get(&weights).as_vec();
    let expected: Vec<f64> = read(&of["given_gradient"]);
    let found = found.iter().zip(mask.counts()).filter(|(_, counts)| **counts);
    for ((found, _), expected) in found.zip(&expected) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
}
