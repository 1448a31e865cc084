//! The odd one of three.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(16))]
    measurements: [f32; 10],
    #[input]
    #[branch(Dense(16))]
    garden: [f32; 3],
    #[input]
    #[branch(Embedding(100, 8))]
    district: u32,
    #[merge(maximum(measurements, garden, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
