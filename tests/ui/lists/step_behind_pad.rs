//! Padding is no value to compute with.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5), standardize)]
    #[branch(LSTM(4))]
    amounts: Vec<f32>,
    #[input(pad(5), multi_hot(10))]
    visits: Vec<u32>,
    #[merge(concat(amounts, visits))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
