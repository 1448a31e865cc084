//! Several nodes at once that lead nowhere.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[input]
    garden: bool,
    #[merge(concat(rooms, garden))]
    joined: [f32; 11],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
