//! Layers compute in `f32`; double precision is for what rows hold.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f64; 10],
    #[from(rooms)]
    #[branch(Dense(4))]
    hidden: [f64; 4],
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f64,
}

fn main() {}
