//! Edges are a list.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(bins(edges = 0.5))]
    #[branch(Embedding(4, 2))]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
