//! Intervals have a number or edges.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(bins)]
    #[branch(Embedding(4, 2))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
