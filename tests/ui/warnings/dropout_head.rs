//! A Dropout after the last layer.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1), Dropout(0.5))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
