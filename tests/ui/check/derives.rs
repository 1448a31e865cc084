//! Derives that rows lack: by a field, by a prediction, by a list, twice, misspelt, alone.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(PartialEq, Eq, Default)]
pub struct Flat {
    #[input]
    #[branch(Embedding(10, 4))]
    district: u32,
    #[from(district)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
}

#[multi_input_model]
#[derive(Clone, Clone, Debuf)]
pub struct Garden {
    #[input]
    rooms: [f32; 40],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(Copy)]
pub struct Shed {
    #[input]
    rooms: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
