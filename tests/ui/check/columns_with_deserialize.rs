//! Two ways to read a row.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(serde::Deserialize)]
pub struct House {
    #[input(columns("a", "b"))]
    rooms: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
