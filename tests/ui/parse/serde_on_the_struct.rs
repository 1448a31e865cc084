//! An attribute of a derive that is not there.

use multi_input::multi_input_model;

#[multi_input_model]
#[serde(deny_unknown_fields)]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
