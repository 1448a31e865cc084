//! Edges rise.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(bins(edges = [0.0, 2.0, 1.0]))]
    #[branch(Embedding(4, 2))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
