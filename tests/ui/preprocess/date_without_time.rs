//! A day has no hour.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(calendar(year, hour))]
    built: chrono::NaiveDate,
    #[input(missing = zeros, calendar(month_cycle, hour_cycle, minute))]
    sold: Option<NaiveDate>,
    #[merge(concat(built, sold))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
