//! Quantiles need an axis of their own.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(32), Reshape(2, 2, 2, 4))]
    #[output(loss = quantile(0.1, 0.9))]
    price: [[[[f32; 2]; 2]; 2]; 2],
}

fn main() {}
