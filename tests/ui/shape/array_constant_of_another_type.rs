//! A constant that is no length.

use multi_input::multi_input_model;

const ROOMS: u8 = 10;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; ROOMS],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
