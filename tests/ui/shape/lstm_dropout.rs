//! A dropout that is no share.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(LSTM(4, dropout = 1.0))]
    rooms: [[f32; 8]; 7],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
