//! A part with one output twice.

use multi_input::multi_input_model;

#[multi_input_model(part(Towers = (user, item_vector, user)))]
pub struct Shop {
    #[input]
    #[branch(Embedding(100, 8))]
    user: u32,
    #[input]
    #[branch(Embedding(500, 8))]
    item: u32,
    #[input]
    price: f32,
    #[merge(concat(item, price))]
    #[branch(Dense(8))]
    item_vector: [f32; 8],
    #[merge(dot(user, item_vector))]
    #[output(loss = mse)]
    rating: f32,
}

fn main() {}
