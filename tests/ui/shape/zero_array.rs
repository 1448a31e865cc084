//! An input of no numbers.

use multi_input::multi_input_model;

const NONE: usize = 0;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; NONE],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
