//! The same with constants.

use multi_input::multi_input_model;

const WIDE: usize = 32;
const NARROW: usize = 15;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(WIDE))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,
    #[merge(concat(measurements, district))]
    joined: [f32; WIDE + NARROW],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
