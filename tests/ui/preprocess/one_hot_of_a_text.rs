//! A text gets its index first.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(one_hot(10))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
