//! Values of constants that are not accepted.

use multi_input::multi_input_model;

const EDGES: [f64; 2] = [2.0, 1.0];
const RATE: f64 = 1.5;
const COLUMNS: [&str; 2] = ["a", "b"];
const AXIS: isize = 3;
const LEVELS: [f64; 2] = [0.9, 0.1];
const NAN: f64 = f64::NAN;
const MANY: usize = 1 << 32;

#[multi_input_model]
pub struct House {
    #[input(bins(edges = EDGES))]
    #[branch(Embedding(auto, 8), Dropout(RATE), Dropout(RATE))]
    age: f32,
    #[input(columns(COLUMNS))]
    #[branch(Dense(8, relu, l2 = -RATE), BatchNorm(epsilon = NAN))]
    rooms: [f32; 3],
    #[input]
    #[branch(Flatten, Dense(8, relu))]
    pixels: [[f32; MANY]; MANY],
    #[merge(concat(age, rooms, pixels, axis = AXIS))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(2))]
    #[output(loss = quantile(LEVELS[0], LEVELS[1]), weight = NAN)]
    price: f32,
}

fn main() {
    let _ = House::summary();
}
