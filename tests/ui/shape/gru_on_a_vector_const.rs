//! The same with a constant.

use multi_input::multi_input_model;

const WIDTH: usize = 8;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(GRU(4))]
    rooms: [f32; WIDTH],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
