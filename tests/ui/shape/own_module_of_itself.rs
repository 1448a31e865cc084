//! A model as a layer of itself.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(House => [4], Self => [4])]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
