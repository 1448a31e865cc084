//! The flag is a part of the type, which the macro writes.

use multi_input::multi_input_model;

const ON: bool = true;

#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Embedding(10, 4, sharded = ON))]
    item: u32,
    #[input(pad(3))]
    #[branch(EmbeddingBag(10, 4, sharded = !ON))]
    user: Vec<u32>,
    #[merge(concat(item, user))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
