//! An option that `#[output]` does not have.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, wieght = 0.5)]
    price: f32,
}

fn main() {}
