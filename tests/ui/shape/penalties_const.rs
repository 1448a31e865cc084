//! The same in constants.

use multi_input::multi_input_model;

const NEGATIVE: f64 = -0.5;
const INFINITE: f32 = f32::INFINITY;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Conv1D(8, 3, l2 = NEGATIVE), Flatten)]
    days: [[f32; 8]; 20],
    #[input]
    #[branch(TimeDistributed(Conv2D(4, 3, l1 = NEGATIVE)), Flatten)]
    photos: [[[[f32; 8]; 8]; 3]; 4],
    #[merge(concat(days, photos))]
    #[branch(Dense(8, relu, l2 = f64::NAN), Dense(8, relu, l1 = INFINITE), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
