//! Pictures of any size have no mean.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Post {
    #[input(resize(4, 4), missing = mean)]
    #[branch(Flatten)]
    photo: Option<Image<3>>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
