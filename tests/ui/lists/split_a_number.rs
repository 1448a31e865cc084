//! A number has no parts.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(split(" "))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
