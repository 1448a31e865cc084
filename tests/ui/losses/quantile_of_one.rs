//! No quantile is above all values.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = quantile(0.5, 1.0))]
    price: f32,
}

fn main() {}
