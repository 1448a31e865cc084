//! Base64 holds the bytes of an image.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(base64)]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
