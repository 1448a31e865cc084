//! A text has no size in pixels.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(resize(64, 64))]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
