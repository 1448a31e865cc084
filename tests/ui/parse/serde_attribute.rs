//! The generated `Deserialize` knows two of serde's attributes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[serde(rename = "size", default)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
