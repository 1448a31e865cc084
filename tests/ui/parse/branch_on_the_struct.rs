//! An attribute in the wrong place.

use multi_input::multi_input_model;

#[multi_input_model]
#[branch(Dense(8))]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
