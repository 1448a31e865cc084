//! Values that are the same in every row.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(bins(1))]
    #[branch(Embedding(auto))]
    age: f32,
    #[input(hashed(1))]
    #[branch(Embedding(auto))]
    street: String,
    #[input]
    #[branch(Embedding(1, 8))]
    kind: u32,
    #[input(one_hot(1))]
    floor: u32,
    #[derived(crossed(kind, floor, 1))]
    #[branch(Embedding(auto))]
    both: u32,
    #[input]
    #[branch(Dense(1, softmax))]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(1), LayerNorm)]
    garden: [f32; 10],
    #[merge(dot(rooms, garden, normalize))]
    near: _,
    #[merge(concat(age, street, kind, floor, both, rooms, garden, near))]
    #[branch(Dense(1))]
    #[output(loss = cosine_similarity)]
    price: f32,
}

fn main() {}
