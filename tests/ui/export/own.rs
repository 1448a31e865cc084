//! Modules and merges of the user's own in a model that is exported.

use dfdx::nn::modules::ReLU;
use multi_input::prelude::*;

mod my {
    #[derive(Debug)]
    pub struct Outer;
}

#[multi_input_model(export = onnx)]
pub struct House {
    #[input]
    #[branch(Dense(8), ReLU => [8])]
    rooms: [f32; 3],
    #[input]
    garden: [f32; 3],
    #[merge(my::Outer(rooms, garden) => [8])]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
