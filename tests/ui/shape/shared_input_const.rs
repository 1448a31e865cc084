//! The same with a constant.

use multi_input::multi_input_model;

const WIDTH: usize = 5;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8))]
    left: [f32; 4],
    #[input]
    #[branch(shared = left)]
    right: [f32; WIDTH],
    #[merge(add(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
