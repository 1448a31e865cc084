//! One table cannot serve a larger vocabulary than its own.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Search {
    #[input(words(vocabulary = 100, length = 10))]
    #[branch(Embedding(100, 4), Flatten)]
    title: String,
    #[input(words(vocabulary = 200, length = 10))]
    #[branch(shared = title)]
    query: String,
    #[merge(dot(title, query))]
    #[output(loss = mse)]
    score: f32,
}

fn main() {}
