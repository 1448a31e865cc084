//! One class is always right.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<1>,
}

fn main() {}
