//! Constants outside of the ranges of layers' numbers.

use multi_input::multi_input_model;

const NAN: f64 = f64::NAN;
const ZERO: f64 = 0.0;
const TWO: u32 = 2;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Masking(NAN), Bidirectional(GRU(4, dropout = TWO)), Flatten)]
    days: [[f32; 3]; 4],
    #[input]
    #[branch(Dense(8), BatchNorm(momentum = TWO, epsilon = f64::NAN), LayerNorm(epsilon = ZERO))]
    rooms: [f32; 10],
    #[merge(concat(days, rooms))]
    #[branch(Dropout(NAN), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
