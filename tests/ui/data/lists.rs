//! A list in a cell is split, its items fit, and a list in columns has no gaps.

use multi_input::prelude::*;

#[multi_input_model(data = "data/lists.csv")]
pub struct House {
    #[input(pad(3))]
    #[branch(EmbeddingBag(10, 2))]
    visits: Vec<u32>,
    #[input(split(" "), pad(3))]
    #[branch(EmbeddingBag(10, 2))]
    steps: Vec<u32>,
    #[input(split("|"), pad(3))]
    #[branch(EmbeddingBag(10, 2))]
    codes: Vec<u32>,
    #[input(columns(prefix = "v"), pad(3))]
    #[branch(LSTM(2))]
    values: Vec<f32>,
    #[input(split("|"), categories(5), multi_hot(5))]
    genres: String,
    #[merge(concat(visits, steps, codes, values, genres))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

fn main() {}
