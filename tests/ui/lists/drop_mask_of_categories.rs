//! A mask is dropped behind the embedding.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    #[branch(DropMask, Embedding(10, 4), Flatten)]
    visits: Vec<u32>,
    #[from(visits)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
