//! The pixels of pictures are scaled once they are numbers.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(rescale(1.0 / 255.0), resize(64, 64))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
