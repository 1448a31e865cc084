//! Numbers have no labels.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, categories)]
    price: f32,
}

fn main() {}
