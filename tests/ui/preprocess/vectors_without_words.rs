//! Vectors of a file are of words, and nothing says which word an index is.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Shop {
    #[input]
    #[branch(Embedding(100, 8, from = "vectors.txt"))]
    city: u32,
    #[input(hashed(50))]
    street: String,
    #[from(street)]
    #[branch(Embedding(50, 8, from = "vectors.txt"))]
    place: _,
    #[merge(concat(city, place))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sales: f32,
}

fn main() {}
