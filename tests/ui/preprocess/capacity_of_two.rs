//! Two indices are reserved, so a vocabulary of two has room for nothing.

use multi_input::prelude::*;

const TWO: usize = 2;

#[multi_input_model]
pub struct House {
    #[input(categories(2))]
    #[branch(Embedding(auto))]
    town: String,
    #[from(town)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Flat {
    #[input(categories(TWO))]
    #[branch(Embedding(auto))]
    town: String,
    #[input(words(TWO, 10))]
    #[branch(Embedding(auto), LSTM(4))]
    text: String,
    #[merge(concat(town, text))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
