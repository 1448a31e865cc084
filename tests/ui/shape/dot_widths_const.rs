//! The same with a constant.

use multi_input::multi_input_model;

const NARROW: usize = 16;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, NARROW))]
    district: u32,
    #[merge(dot(measurements, district, normalize = true))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
