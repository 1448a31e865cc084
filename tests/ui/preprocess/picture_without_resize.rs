//! Pictures of any size do not make a tensor.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
