//! The text of a row is split.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(categories(9), split("|"), pad(4))]
    #[branch(EmbeddingBag(auto))]
    tags: Vec<String>,
    #[from(tags)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
