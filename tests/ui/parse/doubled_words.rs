//! Words of which one is enough.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize, standardize)]
    #[branch(Dense(64), frozen, frozen)]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(64))]
    garden: [f32; 10],
    #[input]
    #[branch(shared = rooms, shared = garden)]
    cellar: [f32; 10],
    #[merge(concat(rooms, garden, cellar))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
