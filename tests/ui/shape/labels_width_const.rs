//! A head of another width than the labels, which is a constant.

use multi_input::multi_input_model;

const TAGS: usize = 3;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(4))]
    #[output(loss = binary_cross_entropy, metrics(f1))]
    tags: [bool; TAGS],
}

fn main() {}
