//! One of three classes, with the loss of labels.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy)]
    tags: multi_input::Class<3>,
}

fn main() {}
