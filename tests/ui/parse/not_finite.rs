//! Literals that are no finite numbers, wherever a number may stand.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(rescale(1 / 0), clip(-1e999, 1.0))]
    #[branch(Dense(8, l2 = 1e400), Dropout(0.0 / 0.0))]
    rooms: [f32; 10],
    #[input(impute(constant = 0.0 / 0.0), bins(edges = [0.0, 1e308 * 10.0]))]
    #[branch(Embedding(auto))]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = 1.0 / 0.0), weight = -(1e400))]
    price: f32,
}

fn main() {}
