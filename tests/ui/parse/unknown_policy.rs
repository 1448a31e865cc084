//! A policy for missing values that does not exist.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(missing = median)]
    rooms: Option<[f32; 10]>,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
