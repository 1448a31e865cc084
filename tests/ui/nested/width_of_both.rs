use multi_input::prelude::*;

const UNITS: usize = 8;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Embedding(50, 8), Bidirectional(LSTM(UNITS)))]
    words: [u32; 7],

    #[from(words)]
    same: [f32; UNITS],

    #[from(same)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
