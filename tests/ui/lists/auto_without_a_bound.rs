//! A constant length bounds no categories.

use multi_input::prelude::*;

const LENGTH: usize = 5;

#[multi_input_model]
pub struct House {
    #[input(pad(LENGTH))]
    #[branch(EmbeddingBag(auto))]
    codes: Vec<u32>,
    #[from(codes)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
