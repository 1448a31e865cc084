//! A constant that is no size.

use multi_input::multi_input_model;

const WIDTH: i32 = 8;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(WIDTH))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
