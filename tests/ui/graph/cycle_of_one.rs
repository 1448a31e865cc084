//! A node that feeds itself.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[merge(concat(rooms, hidden))]
    #[branch(Dense(4))]
    hidden: [f32; 4],
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
