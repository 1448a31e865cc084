//! The same, where the last layer is written at the node before.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1), relu)]
    value: _,
    #[from(value)]
    #[output(loss = huber)]
    price: f32,
}

fn main() {}
