//! The same with a constant.

use multi_input::multi_input_model;

const RATE: f64 = 1.0;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(LSTM(4, dropout = RATE))]
    rooms: [[f32; 8]; 7],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
