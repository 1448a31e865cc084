//! A target has one size.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(4))]
    #[output(loss = mse)]
    prices: Vec<f32>,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
