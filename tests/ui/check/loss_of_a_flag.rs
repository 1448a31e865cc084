//! A flag in three classes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    price: bool,
}

fn main() {}
