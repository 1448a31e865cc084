//! One number for three levels.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = quantile(0.1, 0.5, 0.9))]
    price: f32,
}

fn main() {}
