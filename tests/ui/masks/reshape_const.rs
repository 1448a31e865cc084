use multi_input::prelude::*;

const WORDS: usize = 7;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Masking, Reshape(WORDS * 3))]
    words: [[f32; 3]; WORDS],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
