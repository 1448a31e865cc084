use dfdx::nn::modules::ReLU;
use multi_input::prelude::*;

mod my {
    #[derive(Debug)]
    pub struct Outer;
}

#[multi_input_model(max_flops = 10_000)]
pub struct House {
    #[input]
    #[branch(Dense(8), ReLU => [8])]
    rooms: [f32; 3],
    #[input]
    area: f32,
    #[merge(my::Outer(rooms, area) => [8])]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
