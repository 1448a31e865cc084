//! A class is no input.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: multi_input::Class<10>,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
