//! `allow` takes names in parentheses.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model(allow = relu_head)]
pub struct House {
    #[input]
    #[branch(Dense(64, relu), relu)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
