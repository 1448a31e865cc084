use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Embedding(50, 8), TimeDistributed(LSTM(8)))]
    words: [u32; 7],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
