//! Labels of which single ones are unknown.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy)]
    tags: [Option<bool>; 3],
}

fn main() {}
