//! Attributes that are meant to be ours.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[feature]
    #[dense(4)]
    rooms: [f32; 10],
    #[inptu(standardize)]
    #[branch = Dense(4)]
    garden: [f32; 3],
    #[standardize]
    area: f32,
    #[concat(rooms, garden)]
    #[Output(loss = mse)]
    price: [f32; 8],
    #[from = rooms]
    #[branch(Dense(1))]
    #[multi_input::output(loss = mse)]
    rent: f32,
    #[from("rooms")]
    #[branch(Dense(1))]
    #[target]
    tax: f32,
    #[from(rooms, area)]
    #[branch(Dense(1))]
    #[output = mse]
    fee: f32,
    #[frobnicated(rooms)]
    #[branch(Dense(1))]
    #[output[loss = mse]]
    levy: f32,
}

fn main() {}
