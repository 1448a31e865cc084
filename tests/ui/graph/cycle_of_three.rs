//! Every edge of a cycle is shown.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[merge(concat(rooms, third))]
    #[branch(Dense(4))]
    first: [f32; 4],
    #[from(first)]
    second: [f32; 4],
    #[from(second)]
    third: [f32; 4],
    #[from(third)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
