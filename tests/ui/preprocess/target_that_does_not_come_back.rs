//! Predictions come back in the unit of the target.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, clip(0.0, 1.0))]
    price: f32,
}

fn main() {}
