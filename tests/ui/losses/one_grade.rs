//! One grade has no threshold.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = ordinal)]
    price: multi_input::Class<1>,
}

fn main() {}
