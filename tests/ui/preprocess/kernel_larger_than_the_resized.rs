//! What flows on has the size that was asked for.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(resize(4, 4))]
    #[branch(Conv2D(8, 5), Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
