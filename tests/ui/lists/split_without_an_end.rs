//! A text that is split is a list.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(split("|"), categories(30))]
    #[branch(Embedding(30, 4))]
    genres: String,
    #[from(genres)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
