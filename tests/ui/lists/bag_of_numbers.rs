//! A bag looks up categories.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    #[branch(EmbeddingBag(10, 4))]
    amounts: Vec<f32>,
    #[input]
    #[branch(EmbeddingBag(10, 4, mean))]
    city: u32,
    #[merge(concat(amounts, city))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
