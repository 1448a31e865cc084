//! Constants of another type than what stands there.

use multi_input::multi_input_model;

const EDGES: [i32; 2] = [1, 2];
const BIAS: usize = 1;
const RATE: &str = "0.1";
const COLUMNS: [u32; 2] = [1, 2];
const AXIS: usize = 0;
const PAIR: (usize, usize) = (3, 4);

#[multi_input_model]
pub struct House {
    #[input(bins(edges = EDGES))]
    #[branch(Embedding(auto, PAIR), Dense(8, relu, bias = BIAS, l2 = RATE))]
    age: f32,
    #[input(columns(COLUMNS))]
    #[branch(Dense(8, relu))]
    rooms: [f32; 2],
    #[merge(concat(age, rooms, axis = AXIS))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let _ = House::summary();
}
