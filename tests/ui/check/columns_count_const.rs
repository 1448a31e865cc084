//! Fewer columns than values, where a constant says how many values there are.

use multi_input::multi_input_model;

const ROOMS: usize = 3;

#[multi_input_model]
pub struct House {
    #[input(columns("rooms", "age"))]
    rooms: [f32; ROOMS],
    #[input(columns("north", "south", "east", "west", "up", "down"))]
    sides: [[f32; 2]; ROOMS],
    #[from(sides)]
    #[branch(Flatten)]
    flat: _,
    #[merge(concat(rooms, flat))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
