//! A picture keeps at least one pixel.

use multi_input::prelude::*;

const NONE: usize = 0;

#[multi_input_model]
pub struct Post {
    #[input(resize(64, NONE))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
