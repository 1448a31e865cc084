//! Padding goes before or after the values.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5, left))]
    #[branch(EmbeddingBag(10, 4))]
    visits: Vec<u32>,
    #[input(pad(5, cut = front))]
    #[branch(LSTM(4))]
    amounts: Vec<f32>,
    #[merge(concat(visits, amounts))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
