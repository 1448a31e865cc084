//! Two nodes that feed each other.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[merge(concat(rooms, second))]
    #[branch(Dense(4))]
    first: [f32; 4],
    #[from(first)]
    #[branch(Dense(4))]
    second: [f32; 4],
    #[from(second)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
