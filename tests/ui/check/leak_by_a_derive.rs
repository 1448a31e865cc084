//! The names that serde's derive gives the fields are compared as well.
#![allow(unreachable_patterns)] // serde's word for the same.

use multi_input::prelude::*;

#[multi_input_model]
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flat {
    #[input]
    #[serde(rename = "salePrice")]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sale_price: f32,
}

fn main() {}
