//! A slip in the name of an attribute.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[inptu]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
