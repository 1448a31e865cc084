//! A class is no number.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = mse)]
    price: multi_input::Class<3>,
}

fn main() {}
