//! A declared shape of another rank.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,
    #[merge(concat(measurements, district))]
    joined: [[f32; 3]; 16],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
