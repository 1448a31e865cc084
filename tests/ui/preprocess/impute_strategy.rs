//! There are three ways to learn what stands in.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(impute(maximum))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
