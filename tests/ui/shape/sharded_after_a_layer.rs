//! The rows that a batch looks up in a sharded table are known before the pass: categories come from the
//! input as they are.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Dense(3), Embedding(10, 4, sharded), Flatten)]
    item: [f32; 2],
    #[input]
    #[branch(TimeDistributed(EmbeddingBag(10, 4, sharded)), Flatten)]
    user: [[u32; 3]; 4],
    #[input]
    #[branch(Flatten, Embedding(10, 4, sharded), Flatten)]
    shop: [[u32; 3]; 4],
    #[merge(concat(item, user, shop))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
