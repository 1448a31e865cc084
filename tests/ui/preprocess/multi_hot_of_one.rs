//! Of one category one occurs.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(multi_hot(10))]
    city: u32,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
