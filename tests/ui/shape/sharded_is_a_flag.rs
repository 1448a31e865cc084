//! Other values and other names of the flag.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Embedding(10, 4, sharded = maybe))]
    item: u32,
    #[input]
    #[branch(Embedding(10, 4, sharded = 2))]
    user: u32,
    #[input]
    #[branch(Embedding(10, 4, shrded))]
    shop: u32,
    #[input]
    #[branch(Embedding(10, 4, sharding_type = "row_wise"))]
    city: u32,
    #[input]
    #[branch(DistributedEmbedding(10, 4))]
    word: u32,
    #[merge(concat(item, user, shop, city, word))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
