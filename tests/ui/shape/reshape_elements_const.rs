//! The same with a constant.

use multi_input::multi_input_model;

const SIDE: usize = 3;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Reshape(SIDE, SIDE), Flatten)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
