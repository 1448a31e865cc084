//! Constants that steps cannot have.

use multi_input::prelude::*;

const NAN: f64 = f64::NAN;
const ZERO: i32 = 0;

#[multi_input_model]
pub struct House {
    #[input(impute(constant = NAN), clip(0.0, f64::INFINITY), min_max(0.0, f64::INFINITY))]
    rooms: [f32; 10],
    #[input(rescale(ZERO), bins(edges = [0.0, NAN]))]
    #[branch(Embedding(auto))]
    age: f32,
    #[input(resize(8, 8), zoom(NAN), normalize(mean = [0.5], std = [ZERO]))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[input]
    #[branch(Embedding(9, 4))]
    town: u32,
    #[input]
    #[branch(Embedding(9, 4))]
    kind: u32,
    #[derived(crossed(town, kind, 100, salt = NAN))]
    #[branch(Embedding(auto))]
    both: u32,
    #[merge(concat(rooms, photo, age, town, kind, both))]
    #[branch(Dense(1))]
    #[output(loss = mse, rescale(NAN))]
    price: f32,
}

fn main() {}
