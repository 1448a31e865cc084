//! A branch is frozen where it is written.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8))]
    left: [f32; 4],
    #[input]
    #[branch(shared = left, frozen)]
    right: [f32; 4],
    #[merge(add(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
