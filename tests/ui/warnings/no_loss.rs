//! A model that nothing trains.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(8))]
    #[output]
    vector: [f32; 8],
}

fn main() {}
