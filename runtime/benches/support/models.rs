//! The three models of the article, as `peers` compares them.
#![allow(dead_code)] // Not every benchmark uses all three.

use multi_input::prelude::*;

/// Numbers and a category.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Price {
    #[input]
    #[branch(Dense(64, relu), Dense(32, relu))]
    measurements: [f32; 10],

    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,

    #[merge(concat(measurements, district))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

/// Classifies the topic from image and caption.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    photo: [[[f32; 64]; 64]; 3],

    #[input]
    #[branch(Embedding(10_000, 64), LSTM(32))]
    caption: [u32; 100],

    #[merge(concat(photo, caption))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: Class<10>,
}

/// A model with an optional input.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Progression {
    #[input]
    vitals: [f32; 10],

    #[input(missing = zeros)]
    serum: Option<[f32; 5]>,

    #[merge(concat(vitals, serum))]
    #[branch(Dense(32, relu), Dense(1))]
    #[output(loss = mse, metrics(mae))]
    score: f32,
}
