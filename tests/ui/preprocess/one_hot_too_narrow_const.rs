//! Every index needs its place, also where sizes are constants.

use multi_input::prelude::*;

const CITIES: usize = 10;

#[multi_input_model]
pub struct House {
    #[input(categories(CITIES), one_hot(9))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
