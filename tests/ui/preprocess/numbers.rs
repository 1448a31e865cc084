//! Numbers that steps cannot have.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(rescale(0.0), normalize(mean = [0.5], std = [-0.2]))]
    rooms: [f32; 10],
    #[input(resize(8, 8), zoom(1.0), rotate(-0.1), contrast(2))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[input(hashed(100, salt = 1.5))]
    #[branch(Embedding(100, 4))]
    town: String,
    #[merge(concat(rooms, photo, town))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
