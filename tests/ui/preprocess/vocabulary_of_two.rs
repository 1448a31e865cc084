//! Two indices are taken.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(words(2, 10))]
    #[branch(Embedding(100, 4), Flatten)]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
