//! Weights are for a bag.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    visits: Vec<u32>,
    #[input(pad(5))]
    amounts: Vec<f32>,
    #[merge(weighted(visits, amounts))]
    #[branch(Embedding(10, 4), LSTM(4))]
    bag: _,
    #[from(bag)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
