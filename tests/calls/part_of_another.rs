//! A part of another model, and what is no part.

use multi_input::prelude::*;

#[multi_input_model(part(Tower = vector))]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(8))]
    vector: [f32; 8],
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let house = House::build(&Cpu::default(), Seed(1));
    let tower: Model<Tower> = house.part().unwrap();
    let _: Model<House> = tower.part().unwrap();
    let _: Model<House> = house.part().unwrap();
}
