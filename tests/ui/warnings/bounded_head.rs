//! A standardised target that the last activation cannot reach.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = mse, standardize)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1), tanh)]
    #[output(loss = mae, standardize)]
    rent: f32,
}

fn main() {}
