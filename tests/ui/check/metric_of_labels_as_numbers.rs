//! A metric of labels, which are written as numbers.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy, metrics(f1))]
    tags: [f32; 3],
}

fn main() {}
