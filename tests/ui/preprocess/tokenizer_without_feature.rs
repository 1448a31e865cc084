//! What a tokenizer needs is a feature of its own, and a path.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(tokenizer("tokenizer.json", length = 10))]
    #[branch(Embedding(auto), Flatten)]
    caption: String,
    #[input(tokenizer(64))]
    #[branch(Embedding(auto), Flatten)]
    title: String,
    #[merge(concat(caption, title))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
