//! A type that is no loss.

use multi_input::multi_input_model;

/// No loss.
#[derive(Debug)]
struct Distance;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = Distance)]
    price: f32,
}

fn main() {}
