//! Names of classes, for labels.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy, categories)]
    tags: [bool; 3],
}

fn main() {}
