//! `u64` is a number to compute with; an id is a text.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Rating {
    #[input(categories(1000))]
    #[branch(Embedding(auto))]
    user: u64,
    #[input]
    #[branch(Embedding(100, 8))]
    film: i64,
    #[merge(concat(user, film))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
