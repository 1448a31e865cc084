//! Probabilities compared by their square.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3, softmax))]
    #[output(loss = mse)]
    price: [f32; 3],
}

fn main() {}
