//! More dimensions than a sample may have.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Flatten)]
    rooms: [[[[[f32; 2]; 2]; 2]; 2]; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
