#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model(data = "data/kinds.csv")]
pub struct House {
    #[input(categories(4))]
    #[branch(Embedding(auto))]
    kind: String,
    #[from(kind)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    size: f32,
}

fn main() {}
