//! A target is known as a whole.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = mse)]
    prices: [Option<f32>; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: Option<u32>,
}

fn main() {}
