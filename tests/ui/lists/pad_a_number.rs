//! What is of one size in every row needs no padding.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5))]
    rooms: f32,
    #[input(pad(5))]
    visits: [u32; 5],
    #[from(visits)]
    #[branch(EmbeddingBag(10, 4))]
    bag: _,
    #[merge(concat(rooms, bag))]
    all: _,
    #[from(all)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
