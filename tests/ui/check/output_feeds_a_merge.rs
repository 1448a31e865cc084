//! An output that feeds another node.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[merge(concat(rooms, price))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

fn main() {}
