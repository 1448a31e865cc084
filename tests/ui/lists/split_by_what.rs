//! A separator is a text.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(split('|'), categories(9), pad(4))]
    #[branch(EmbeddingBag(auto))]
    tags: String,
    #[input(split(""), categories(9), pad(4))]
    #[branch(EmbeddingBag(auto))]
    others: String,
    #[merge(concat(tags, others))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
