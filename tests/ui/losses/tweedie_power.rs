//! The power is between those of Poisson and gamma.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, softplus))]
    #[output(loss = tweedie(power = 2.0))]
    price: f32,
}

fn main() {}
