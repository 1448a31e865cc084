//! Constants that do not exist.

use multi_input::multi_input_model;

#[multi_input_model(part(Tower = joined))]
pub struct House {
    #[input(bins(edges = EDGES))]
    #[branch(Embedding(auto, WIDHT), Dense(WIDHT, relu, bias = BIAS, l2 = RATE))]
    age: f32,
    #[input(columns(COLUMNS))]
    #[branch(Dense(WIDHT, relu))]
    rooms: [f32; ROOMS],
    #[merge(concat(age, rooms, axis = AXIS))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = WEIGHT)]
    price: f32,
}

fn main() {
    let _ = House::summary();
}
