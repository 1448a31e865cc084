//! A regression that can only predict what is not negative.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, relu))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
