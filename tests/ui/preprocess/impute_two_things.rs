//! One thing stands in.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(impute(mean, constant = 0.0))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
