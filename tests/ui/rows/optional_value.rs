//! An optional value is `Some`.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(missing = zeros)]
    serum: Option<[f32; 6]>,
    #[from(serum)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

pub fn row() -> HouseInputs {
    HouseInputs { serum: [0.0; 6] }
}

fn main() {}
