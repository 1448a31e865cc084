//! Intervals are categories.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(bins(4))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
