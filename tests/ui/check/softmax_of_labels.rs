//! Probabilities of classes, for labels of which several may hold.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3, softmax))]
    #[output(loss = binary_cross_entropy)]
    tags: [bool; 3],
}

fn main() {}
