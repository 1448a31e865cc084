//! A table for all categories needs to know how many there are.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Embedding(auto))]
    city: u32,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
