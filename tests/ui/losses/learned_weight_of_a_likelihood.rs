//! A loss that may be negative has no learned weight.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, weight = learned)]
    price: f32,
}

fn main() {}
