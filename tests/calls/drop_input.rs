//! Dropping what is never absent, and what is no input.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[input(missing = zeros)]
    garden: Option<[f32; 3]>,
    #[merge(concat(rooms, garden))]
    joined: [f32; 13],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let trainer = Trainer::<House, _>::new(Adam::new(1e-3)).drop_input(House::garden, 0.1);
    let trainer = trainer.drop_input(House::rooms, 0.1);
    let trainer = trainer.drop_input(House::joined, 0.1);
    let _ = trainer.drop_input(House::price, 0.1);
}
