//! A constant of zero.

use multi_input::multi_input_model;

const WIDTH: usize = 0;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(WIDTH))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
