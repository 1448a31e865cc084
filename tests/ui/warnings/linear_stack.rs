//! Two linear layers in a row are one.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(64), Dropout(0.2), Dense(32, relu))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(16), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
