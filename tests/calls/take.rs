//! Taking nodes that the model does not have, and nodes of another model.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Price {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Rent {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

fn main() {
    let base = Price::build(&Cpu::default(), Seed(1));
    let mut tuned = Rent::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![Rent::rooms, Rent::rent]);
    let _ = tuned.take(&base, nodes![Rent::price]);
    let _ = tuned.take(&base, nodes![Rent::{rooms, floors}]);
    let _ = tuned.take(&base, nodes![Price::rooms]);
    let _ = tuned.take(&"base.safetensors", nodes![Rent::rooms]);
}
