//! An output that another node takes with `from`.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<3>,
    #[from(kind)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
