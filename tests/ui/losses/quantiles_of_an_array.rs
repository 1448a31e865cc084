//! Two levels of three numbers.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(6))]
    #[output(loss = quantile(0.1, 0.9))]
    price: [f32; 3],
}

fn main() {}
