//! A date has certain parts.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(calendar(year, century))]
    built: NaiveDate,
    #[from(built)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
