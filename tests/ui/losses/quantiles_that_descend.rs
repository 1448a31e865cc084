//! Levels that do not ascend.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.9, 0.5))]
    price: f32,
}

fn main() {}
