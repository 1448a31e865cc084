//! The same with constants.

use multi_input::multi_input_model;

const STEPS: usize = 7;
const WIDTH: usize = 8;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(LSTM(4))]
    rooms: [[[f32; WIDTH]; STEPS]; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
