//! An alias is not seen through.

use multi_input::multi_input_model;

type Rooms = [f32; 10];

#[multi_input_model]
pub struct House {
    #[input]
    rooms: Rooms,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
