//! A shared branch with another input, from a node between.

use multi_input::multi_input_model;

const WIDTH: usize = 5;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8))]
    left: [f32; 4],
    #[input]
    #[branch(Dense(WIDTH))]
    right: [f32; 5],
    #[from(right)]
    #[branch(shared = left)]
    again: [f32; 8],
    #[merge(add(left, again))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
