use multi_input::prelude::*;

const SIDE: usize = 4;

#[multi_input_model]
pub struct Post {
    #[input]
    #[branch(MaxPool2D(5), Flatten, Dense(1))]
    photo: [[[f32; SIDE]; SIDE]; 3],
    #[from(photo)]
    #[output(loss = mse)]
    likes: f32,
}

fn main() {}
