//! The same with sizes that only rustc knows.

use multi_input::multi_input_model;

const WIDE: usize = 32;
const NARROW: usize = 16;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(WIDE, relu))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, NARROW), Flatten)]
    district: u32,
    #[merge(add(measurements, district))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
