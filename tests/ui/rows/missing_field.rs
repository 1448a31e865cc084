//! A row without one of its inputs.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(measurements, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

pub fn row() -> HouseInputs {
    HouseInputs { measurements: [0.0; 10] }
}

fn main() {}
