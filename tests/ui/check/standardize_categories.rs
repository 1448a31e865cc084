//! Categories are not shifted.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize)]
    #[branch(Embedding(100, 16))]
    rooms: u32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
