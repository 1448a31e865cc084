//! The first `LSTM` gives its last step alone.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(LSTM(4), LSTM(3))]
    rooms: [[f32; 8]; 7],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
