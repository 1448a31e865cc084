//! Weights for the classes of what has none.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

fn main() {
    let trainer = Trainer::<House, _>::new(Adam::new(1e-3)).class_weight(House::kind, [(0, 2.0)]);
    let trainer = trainer.class_weight(House::sold, [(1, 2.0)]);
    let _ = trainer.class_weight(House::price, [(0, 2.0)]);
}
