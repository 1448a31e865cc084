//! The names of columns without quotes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(columns(rooms, age))]
    rooms: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
