//! A path that leads nowhere.

use multi_input::multi_input_model;

mod my {}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = my::Tweedie(power = 1.5))]
    price: f32,
}

fn main() {}
