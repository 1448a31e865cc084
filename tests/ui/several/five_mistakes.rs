//! Five mistakes, five errors, in one run.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardise)]
    #[branch(Dense(64, rellu))]
    measurements: [f32; 10],

    #[input(missing = zeros)]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,

    #[merge(concat(measurements, distrct))]
    joined: [f32; 80],

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = cross_entropy)]
    price: f32,
}

fn main() {}
