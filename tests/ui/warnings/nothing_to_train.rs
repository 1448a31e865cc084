//! Models of which training changes nothing.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Plain {
    #[input]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(tanh)]
    #[output(loss = mse)]
    price: [f32; 3],
}

#[multi_input_model]
pub struct Frozen {
    #[input]
    #[branch(Dense(8, relu), frozen)]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1), frozen)]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Weightless {
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = 0)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = 0.0)]
    rent: f32,
}

fn main() {}
