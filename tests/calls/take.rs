//! Taking nodes of another model than the one that takes.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Flat {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

fn main() {
    let base = Flat::build(&Cpu::default(), Seed(1));
    let mut tuned = House::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![House::rooms, House::rent]);
    let _ = tuned.take(&base, nodes![Flat::rooms]);
}
