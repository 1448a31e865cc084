//! The generated `Deserialize` knows some of serde's attributes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[serde(rename = "size", flatten)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
