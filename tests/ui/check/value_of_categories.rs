//! An output of categories, without a loss.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[output]
    district: u32,
    #[from(district)]
    #[branch(Embedding(100, 4), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
