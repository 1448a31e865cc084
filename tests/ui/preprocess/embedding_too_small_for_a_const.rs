//! Every index needs its vector, also where the vocabulary alone is a constant.

use multi_input::prelude::*;

const WORDS: usize = 1_000;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = WORDS, length = 10))]
    #[branch(Embedding(100, 4), Flatten)]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
