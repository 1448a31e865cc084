//! The names of columns in a constant.

use multi_input::multi_input_model;

const NAMES: [&str; 2] = ["rooms", "age"];

#[multi_input_model]
pub struct House {
    #[input(columns(NAMES))]
    rooms: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
