use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Masking(0.0))]
    words: [f32; 7],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
