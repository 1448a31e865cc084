//! A bag has a width, a mode that exists, and room for all categories.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    #[branch(EmbeddingBag(10))]
    visits: Vec<u32>,
    #[input(pad(5))]
    #[branch(EmbeddingBag(10, 4, average))]
    orders: Vec<u32>,
    #[input(categories(20), pad(5))]
    #[branch(EmbeddingBag(10, 4))]
    tags: Vec<String>,
    #[input(pad(5))]
    #[branch(EmbeddingBag(auto))]
    codes: Vec<u32>,
    #[merge(concat(visits, orders, tags, codes))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
