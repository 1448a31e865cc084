//! Real numbers are no names.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(categories(10))]
    #[branch(Embedding(10, 2))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
