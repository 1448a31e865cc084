//! Each channel has its mean.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(resize(4, 4), normalize(mean = [0.5, 0.5], std = [0.2, 0.2]))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
