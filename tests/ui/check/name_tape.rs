//! A name that the generated batch needs.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    tape: [f32; 10],
    #[from(tape)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
