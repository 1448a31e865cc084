//! A mistake in a shared branch is said where it is written.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(shared = right)]
    left: [f32; 4],
    #[input]
    #[branch(Reshape(3), Dense(8))]
    right: [f32; 4],
    #[merge(add(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
