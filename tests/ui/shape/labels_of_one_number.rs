//! A head of one number for three labels.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    tags: [bool; 3],
}

fn main() {}
