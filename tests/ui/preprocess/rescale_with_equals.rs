//! A step is called.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(rescale = 0.5)]
    numbers: [f32; 3],
    #[from(numbers)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
