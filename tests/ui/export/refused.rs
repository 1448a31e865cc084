//! What ONNX cannot express.

use multi_input::prelude::*;

#[multi_input_model(export = onnx(encoded(street)))]
pub struct House {
    #[input(hashed(1000))]
    #[branch(Embedding(1000, 4))]
    city: String,
    #[input(hashed(1000))]
    #[branch(Embedding(1000, 4))]
    street: String,
    #[input(words(vocabulary = 100, length = 20))]
    #[branch(Embedding(100, 4), GlobalAveragePool1D)]
    review: String,
    #[derived(crossed(city, age, 1000))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input]
    #[branch(Embedding(200, 4))]
    age: u32,
    #[merge(concat(city, street, review, place, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
