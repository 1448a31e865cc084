//! A penalty that rewards large weights.

use multi_input::multi_input_model;

const PENALTY: f64 = -1e-4;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(64, l2 = -1e-4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Cottage {
    #[input]
    #[branch(Dense(64, l1 = PENALTY))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
