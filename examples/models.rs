//! The three models of `peers`, and random rows for them.
#![allow(dead_code)] // Not every example that has this file trains all three.

use crate::random::Random;
use multi_input::{
    definition::{Definition, Network},
    prelude::*,
};

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

/// A picture and its caption tell the topic.
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

/// An input that may be missing.
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

/// A model with rows to train on and to predict from.
pub trait Rows: Network<f32, Cpu> {
    /// A random row to train on.
    fn sample(random: &mut Random) -> Self::Sample;

    /// A random row to predict from.
    fn inputs(random: &mut Random) -> Self::Inputs;

    /// So many to train on.
    fn samples(count: usize) -> Vec<<Self as Definition>::Sample> {
        let random = &mut Random(0);
        (0..count).map(|_| Self::sample(random)).collect()
    }
}

impl Rows for Price {
    fn sample(random: &mut Random) -> PriceSample {
        let PriceInputs { measurements, district } = Self::inputs(random);
        PriceSample { measurements, district, price: random.fraction() }
    }

    fn inputs(random: &mut Random) -> PriceInputs {
        PriceInputs { measurements: random.fractions(), district: random.below(100) as u32 }
    }
}

impl Rows for Post {
    fn sample(random: &mut Random) -> PostSample {
        let PostInputs { photo, caption } = Self::inputs(random);
        let topic = Class::new(random.below(10) as usize).expect("below ten");
        PostSample { photo, caption, topic }
    }

    fn inputs(random: &mut Random) -> PostInputs {
        let photo = std::array::from_fn(|_| std::array::from_fn(|_| random.fractions()));
        PostInputs { photo, caption: random.categories(10_000) }
    }
}

impl Rows for Progression {
    fn sample(random: &mut Random) -> ProgressionSample {
        let ProgressionInputs { vitals, serum } = Self::inputs(random);
        ProgressionSample { vitals, serum, score: random.fraction() }
    }

    fn inputs(random: &mut Random) -> ProgressionInputs {
        let vitals = random.fractions();
        let serum = (random.below(2) == 1).then(|| random.fractions());
        ProgressionInputs { vitals, serum }
    }
}
