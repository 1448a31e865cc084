//! Constants with other values than in the lock, and one that is not in it.

use multi_input::multi_input_model;

const UNITS: usize = 16;
const EPSILON: f64 = 0.5;

mod other {
use super::*;

#[multi_input_model(lock = "data/constants.lock")]
pub struct House {
    #[input]
    #[branch(Dense(UNITS, relu), Dense(2 * UNITS, relu))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
}

mod unknown {
use super::*;

#[multi_input_model(lock = "data/unknown_constants.lock")]
pub struct House {
    #[input]
    #[branch(Dense(UNITS, relu), BatchNorm(epsilon = EPSILON))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
}

fn main() {}
