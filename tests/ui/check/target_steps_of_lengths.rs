//! A length in the target's unit has no counterpart among logarithms.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = 100.0), log1p)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = log_cosh, log1p, standardize)]
    rent: Option<f32>,
}

fn main() {}
