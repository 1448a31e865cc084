//! A cross is of one category.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(4))]
    #[branch(EmbeddingBag(10, 4))]
    codes: Vec<u32>,
    #[input]
    #[branch(Embedding(10, 4))]
    city: u32,
    #[derived(crossed(codes, city, buckets = 10))]
    #[branch(Embedding(auto))]
    both: _,
    #[merge(concat(codes, city, both))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
