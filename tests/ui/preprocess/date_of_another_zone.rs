//! Times are those of Greenwich, or of no zone.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(calendar(year))]
    built: DateTime<Local>,
    #[from(built)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
