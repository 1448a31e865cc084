//! Sizes beside the axis differ.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    readings: [[f32; 8]; 5],
    #[input]
    #[branch(Embedding(100, 16))]
    words: [u32; 5],
    #[merge(concat(readings, words, axis = 0))]
    #[branch(Flatten, Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
