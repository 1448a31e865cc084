//! A part of which nothing is a number.

use multi_input::multi_input_model;

#[multi_input_model(part(Code = code))]
pub struct Shop {
    #[input(categories(100))]
    city: String,
    #[from(city)]
    code: _,
    #[from(code)]
    #[branch(Embedding(100, 4), Dense(1))]
    #[output(loss = mse)]
    sales: f32,
}

fn main() {}
