#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model(data = "data/texts.csv")]
pub struct House {
    #[input(words(100, 8))]
    #[branch(Embedding(100, 4, mask), GlobalAveragePool1D)]
    review: String,
    #[from(review)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
