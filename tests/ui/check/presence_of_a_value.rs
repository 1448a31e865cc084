//! Of an input only the presence is used, but its value is preprocessed.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize, missing = learned)]
    garden: Option<f32>,
    #[input(missing = zeros)]
    #[branch(Embedding(100, 4))]
    district: Option<u32>,
    #[input]
    rooms: [f32; 10],
    #[merge(concat(rooms, present(garden), present(district)))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
