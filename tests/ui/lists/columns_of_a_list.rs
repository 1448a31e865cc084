//! Each item of a list has its columns.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(columns("x1", "y1", "x2"), pad(4))]
    #[branch(LSTM(4))]
    points: Vec<[f32; 2]>,
    #[from(points)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
