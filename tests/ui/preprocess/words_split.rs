//! A text is split by one of three rules.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = 100, length = 10, split = sentences))]
    #[branch(Embedding(100, 4), Flatten)]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
