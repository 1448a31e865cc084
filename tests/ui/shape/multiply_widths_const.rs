//! The same, one of them a constant.

use multi_input::multi_input_model;

mod sizes {
    pub const WIDE: usize = 32;
}

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(sizes::WIDE, relu))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,
    #[merge(multiply(measurements, district))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
