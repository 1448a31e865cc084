//! Every index needs its place.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(categories(10), one_hot(9))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
