//! The size of the table is a constant.

use multi_input::prelude::*;

const CODES: usize = 10;

#[multi_input_model]
pub struct House {
    #[input(categories(20), pad(5))]
    #[branch(EmbeddingBag(CODES, 4, sum))]
    codes: Vec<u32>,
    #[from(codes)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
