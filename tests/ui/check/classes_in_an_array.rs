//! An array of classes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    tags: [multi_input::Class<2>; 3],
}

fn main() {}
