//! A row holds one picture a field.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(resize(4, 4))]
    #[branch(Flatten)]
    photo: [Image<3>; 2],
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
