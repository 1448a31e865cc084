//! Layers compute with one shape, so a list ends in its steps.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    visits: Vec<u32>,
    #[input(standardize)]
    amounts: Vec<f32>,
    #[input]
    tags: Vec<String>,
    #[from(visits)]
    #[branch(EmbeddingBag(10, 4))]
    bag: _,
    #[from(amounts)]
    #[branch(LSTM(4))]
    read: _,
    #[from(tags)]
    #[branch(EmbeddingBag(10, 4))]
    tagged: _,
    #[merge(concat(bag, read, tagged))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
