//! No vector stands in for categories.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(pad(5), missing = learned)]
    visits: Option<Vec<u32>>,
    #[input(pad(5), missing = learned)]
    amounts: Option<Vec<f32>>,
    #[merge(weighted(visits, amounts))]
    #[branch(EmbeddingBag(10, 4, sum))]
    bag: _,
    #[from(bag)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
