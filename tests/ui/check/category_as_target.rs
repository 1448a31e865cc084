//! A category is no target.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    price: u32,
}

fn main() {}
