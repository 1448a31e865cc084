//! A head of two numbers for a target of one.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
