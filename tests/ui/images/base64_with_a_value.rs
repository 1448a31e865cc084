//! Base64 is a word of its own.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(base64 = true, resize(4, 4))]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Flatten, Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
