//! Only a text has words.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = 100, length = 10))]
    caption: [f32; 3],
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
