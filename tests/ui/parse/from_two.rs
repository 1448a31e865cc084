//! `from` names one node.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    left: [f32; 10],
    #[input]
    right: [f32; 10],
    #[from(left, right)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
