//! Options about a target, and no loss that would need one.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(weight = 0.5, standardize)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(los = mse)]
    rent: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss mse, metrics(mae))]
    tax: f32,
}

fn main() {}
