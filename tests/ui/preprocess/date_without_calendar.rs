//! A date by itself is nothing that layers compute with.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    built: NaiveDate,
    #[from(built)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
