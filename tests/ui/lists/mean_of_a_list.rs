//! Lists have no mean.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5), missing = mean)]
    #[branch(LSTM(4))]
    amounts: Option<Vec<f32>>,
    #[from(amounts)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
