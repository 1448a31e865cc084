//! A picture has no more than its pixels.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(resize(4, 4), center_crop(5, 4))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
