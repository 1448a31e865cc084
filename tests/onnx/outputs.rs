//! Predictions of every loss, and steps of targets undone.

use multi_input::prelude::*;
use serde::Serialize;
use serde_json::{json, Value};

use crate::{
    recorded,
    steps::{fitted, noise},
};

/// Outputs of every kind.
#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug, Serialize)]
pub struct Outputs {
    #[input]
    #[branch(Dense(12))]
    x: [f32; 5],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    scaled: f64,
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = mse, min_max(-1.0, 1.0))]
    several: [f32; 3],
    #[from(x)]
    #[branch(Dense(6), Reshape(2, 3))]
    #[output(loss = mae, robust)]
    matrix: [[f32; 3]; 2],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mae, log1p, standardize)]
    price: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = 2.0), rescale(-0.5, 3.0))]
    shifted: f32,
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9), standardize)]
    quantiles: f32,
    #[from(x)]
    #[branch(Dense(4), Reshape(2, 2))]
    #[output(loss = quantile(0.25, 0.75), log1p)]
    quartiles: [f64; 2],
    #[from(x)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, standardize)]
    normal: f32,
    #[from(x)]
    #[branch(Dense(6), Reshape(3, 2))]
    #[output(loss = gaussian, standardize)]
    normals: [f32; 3],
    #[from(x)]
    #[branch(Dense(2))]
    #[output(loss = negative_binomial)]
    visits: f32,
    #[from(x)]
    #[branch(Dense(1, softplus))]
    #[output(loss = poisson)]
    counts: f32,
    #[from(x)]
    #[branch(Dense(2, softplus))]
    #[output(loss = tweedie(power = 1.5))]
    claims: [f32; 2],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy)]
    labels: [bool; 3],
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    class: Class<3>,
    #[from(x)]
    #[branch(Dense(4))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<4>,
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = ordinal)]
    rating: Class<4>,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = ordinal)]
    stage: Class<2>,
    #[from(x)]
    #[branch(Dense(3))]
    #[output(loss = kl_divergence)]
    shares: [f32; 3],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = hinge)]
    side: f32,
    #[from(x)]
    #[branch(Dense(6), Reshape(2, 3))]
    #[output]
    hidden: [[f32; 3]; 2],
    #[from(x)]
    #[branch(Dense(1))]
    #[output]
    single: [f32; 1],
}

fn row(index: usize) -> Value {
    let number = |which: usize| noise(index, which) * 4.0 - 2.0;
    let scale = [1.0, 5.0, 20.0, 0.01][index % 4];
    let x: Vec<f32> = (0..5).map(|which| (number(which) * scale) as f32).collect();
    let kinds = ["dog", "cat", "Äffchen"];
    let size = |which: usize| noise(index, which) * 30.0;
    json!({
        "x": x,
        "scaled": 1e6 + number(10) * 1e3,
        "several": [number(11), number(12) * 50.0, 7.0],
        "matrix": [[number(13), size(14), 1.0], [number(15), size(16), 2.0]],
        "price": size(17),
        "shifted": number(18),
        "quantiles": size(19),
        "quartiles": [size(20), size(21)],
        "normal": size(22),
        "normals": [size(23), number(24), 5.0],
        "visits": size(25).round(),
        "counts": size(26).round(),
        "claims": [0.0, size(27)],
        "sold": index.is_multiple_of(2),
        "labels": [true, index.is_multiple_of(2), index.is_multiple_of(3)],
        "class": index % 3,
        "kind": (kinds[index % 3]),
        "rating": index % 4,
        "stage": index % 2,
        "shares": [0.25, 0.25, 0.5],
        "side": if index.is_multiple_of(2) { 1.0 } else { -1.0 },
    })
}

#[test]
fn recorded_outputs() {
    let rows: Vec<Value> = (0..24).map(row).collect();
    let model = fitted::<Outputs>(&rows);
    let new: Vec<Value> = (20..40).map(row).collect();
    recorded::check("outputs", &model, &new);
}
