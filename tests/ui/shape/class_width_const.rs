//! The same with a constant.

use multi_input::multi_input_model;

const TOPICS: usize = 9;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(10))]
    #[output(loss = cross_entropy)]
    price: multi_input::Class<TOPICS>,
}

fn main() {}
