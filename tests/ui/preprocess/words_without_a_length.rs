//! How many indices come out has to be said.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(words(vocabulary = 100))]
    caption: String,
    #[from(caption)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
