//! As many logits as classes.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy)]
    price: multi_input::Class<9>,
}

fn main() {}
