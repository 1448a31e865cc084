//! A penalty reads all rows of a table, which are on several machines.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Embedding(10, 4, l2 = 1e-4, sharded))]
    item: u32,
    #[input(pad(3))]
    #[branch(EmbeddingBag(10, 4, sum, l1 = 0.5, sharded))]
    user: Vec<u32>,
    #[merge(concat(item, user))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
