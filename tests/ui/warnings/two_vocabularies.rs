//! One table that two vocabularies look up.

#![deny(deprecated)]

use multi_input::prelude::*;

#[multi_input_model]
pub struct Trip {
    #[input(categories(9))]
    #[branch(Embedding(9, 4))]
    from: String,
    #[input(categories(9))]
    #[branch(shared = from)]
    to: String,
    #[merge(concat(from, to))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

fn main() {}
