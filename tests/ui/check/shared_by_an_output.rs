//! An output's branch is its own.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 4],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(shared = price)]
    #[output(loss = mse)]
    rent: f32,
}

fn main() {}
