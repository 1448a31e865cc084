//! Texts are made categories before they are padded.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5), categories(10))]
    #[branch(EmbeddingBag(auto))]
    tags: Vec<String>,
    #[from(tags)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
