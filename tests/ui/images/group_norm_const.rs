use multi_input::prelude::*;

const GROUPS: usize = 5;

#[multi_input_model]
pub struct Post {
    #[input]
    #[branch(Conv2D(8, 3), GroupNorm(GROUPS, epsilon = 1e-5), Flatten, Dense(1))]
    photo: [[[f32; 8]; 8]; 3],
    #[from(photo)]
    #[output(loss = mse)]
    likes: f32,
}

fn main() {}
