//! A text has no mean.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(standardize)]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
