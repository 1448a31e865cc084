//! A name that the generated model needs.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(missing = learned)]
    serum: Option<[f32; 6]>,
    #[input]
    #[branch(Dense(4))]
    serum_missing: [f32; 4],
    #[merge(concat(serum, serum_missing))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
