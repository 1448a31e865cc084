//! Indices of words are looked up.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = 100, length = 10))]
    #[branch(LSTM(8))]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
