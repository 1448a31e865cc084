//! Every index needs its vector, also where sizes are constants.

use multi_input::prelude::*;

const WORDS: usize = 1_000;
const VECTORS: usize = 999;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = WORDS, length = 10))]
    #[branch(Embedding(VECTORS, 4), Flatten)]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
