//! Sizes of a shared vocabulary are compared where they are constants, too.

use multi_input::prelude::*;

const STATIONS: usize = 9;
const STOPS: usize = 8;

#[multi_input_model]
pub struct Trip {
    #[input(categories(STATIONS))]
    #[branch(Embedding(auto))]
    from: String,
    #[input(categories(STOPS, shared = from))]
    #[branch(Embedding(auto))]
    to: String,
    #[merge(concat(from, to))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

fn main() {}
