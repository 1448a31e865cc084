//! `Embedding` on a table of categories.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    rooms: [[u32; 3]; 4],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
