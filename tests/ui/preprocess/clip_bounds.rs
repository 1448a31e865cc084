//! The lower bound is below the upper one.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(clip(1.0, 0.0))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
