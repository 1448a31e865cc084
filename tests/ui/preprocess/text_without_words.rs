//! A text by itself is nothing that layers compute with.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
