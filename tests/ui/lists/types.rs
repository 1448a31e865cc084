//! What a list holds.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    pairs: Vec<Vec<f32>>,
    #[input(pad(5))]
    maybe: Vec<Option<f32>>,
    #[input(resize(8, 8), pad(5))]
    photos: Vec<Image<3>>,
    #[input(pad(5))]
    rows: [Vec<f32>; 3],
    #[merge(concat(pairs, maybe, photos, rows))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
