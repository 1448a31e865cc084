//! Inputs that are filled from a target's column.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(columns("rooms", "price"))]
    rooms: [f32; 2],
    #[input]
    #[serde(rename = "price")]
    garden: f32,
    #[input]
    #[serde(alias = "year", alias = "price")]
    age: f32,
    #[input(missing = zeros)]
    tax: Option<f32>,
    #[merge(concat(rooms, garden, age, tax))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    #[serde(alias = "tax")]
    rent: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    #[serde(rename = "year")]
    sold: bool,
}

fn main() {}
