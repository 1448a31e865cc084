//! A text is no date.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(calendar(year))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
