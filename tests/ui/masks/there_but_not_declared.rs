use multi_input::prelude::*;

const WORDS: usize = 7;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Embedding(50, 8, mask))]
    words: [u32; WORDS],

    #[from(words)]
    #[branch(Dense(4))]
    read: [[f32; 4]; WORDS],

    #[from(read)]
    #[branch(LSTM(8), Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
