//! Labels of which several may hold, with the loss of classes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    tags: [bool; 3],
}

fn main() {}
