//! The vectors of an embedding are in a file, whose path is a text.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Shop {
    #[input(categories(100))]
    #[branch(Embedding(100, 8, from = vectors))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sales: f32,
}

fn main() {}
