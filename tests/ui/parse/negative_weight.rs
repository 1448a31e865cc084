//! A weight that would reward mistakes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = -1.0)]
    price: f32,
}

fn main() {}
