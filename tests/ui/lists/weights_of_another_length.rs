//! Each value has a weight.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    visits: Vec<u32>,
    #[input(pad(6))]
    amounts: Vec<f32>,
    #[merge(weighted(visits, amounts))]
    #[branch(EmbeddingBag(10, 4, sum))]
    bag: _,
    #[from(bag)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
