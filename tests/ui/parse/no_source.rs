//! A field that says nothing of what feeds it.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    hidden: [f32; 10],
    #[merge(concat(rooms, hidden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
