//! An option that `#[input]` does not have.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardise)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
