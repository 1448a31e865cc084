//! A path of the library in quotes, and one that leads nowhere.

use multi_input::multi_input_model;

#[multi_input_model(crate = "multi_input")]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(crate = ::no_such_crate)]
pub struct Flat {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
