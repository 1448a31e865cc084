//! A model that reads nothing goes in a circle.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[from(price)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
