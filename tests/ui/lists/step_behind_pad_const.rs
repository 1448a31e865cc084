//! The same where rustc knows the length alone.

use multi_input::prelude::*;

const LENGTH: usize = 5;

#[multi_input_model]
pub struct House {
    #[input(pad(LENGTH), standardize)]
    #[branch(LSTM(4))]
    amounts: Vec<f32>,
    #[from(amounts)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
