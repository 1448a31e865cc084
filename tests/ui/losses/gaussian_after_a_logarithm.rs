//! A standard deviation has no counterpart after a logarithm.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, log1p)]
    price: f32,
}

fn main() {}
