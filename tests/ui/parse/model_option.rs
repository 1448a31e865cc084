//! An option that the model does not have.

use multi_input::multi_input_model;

#[multi_input_model(debug)]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
