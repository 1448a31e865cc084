//! Three numbers are no picture.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(resize(64, 64))]
    caption: [f32; 3],
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
