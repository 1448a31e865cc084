//! `frozen` and `shared` in other forms.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8), frozen = true)]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(8, frozen), frozen = false, trainable = false, Frozen)]
    garden: [f32; 2],
    #[input]
    #[branch(shared(rooms))]
    others: [f32; 10],
    #[input]
    #[branch(shared: rooms)]
    more: [f32; 10],
    #[merge(concat(rooms, garden, others, more))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
