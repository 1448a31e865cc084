//! Categories cannot be merged before their embedding.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],
    #[input]
    district: u32,
    #[merge(concat(measurements, district))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
