//! `weighted` computes nothing itself.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    visits: Vec<u32>,
    #[input(pad(5))]
    amounts: Vec<f32>,
    #[merge(weighted(visits, amounts))]
    bag: _,
    #[from(bag)]
    #[branch(EmbeddingBag(10, 4, sum), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
