//! Names of generated types that other items have, and two models of one name.

use multi_input::multi_input_model;

pub struct HouseInputs;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Flat {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Flat {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct FlatModel {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct D {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let _: FlatInputs = FlatInputs { rooms: [0.0; 10] };
    let _ = House::summary();
}
