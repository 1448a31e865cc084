//! Arguments in each other's place.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(relu, 64), Dropout(relu))]
    rooms: [f32; 10],
    #[merge(concat(axis = rooms))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse(mae), metrics(r2 = true))]
    price: f32,
}

fn main() {}
