//! A list is padded once.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5), pad(6))]
    #[branch(EmbeddingBag(10, 4))]
    visits: Vec<u32>,
    #[from(visits)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
