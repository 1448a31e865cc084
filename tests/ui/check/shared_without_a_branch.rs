//! There is no branch to share.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    left: [f32; 4],
    #[input]
    #[branch(shared = left)]
    right: [f32; 4],
    #[merge(add(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
