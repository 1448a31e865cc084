use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Bidirectional(LSTM(8)))]
    words: [[[f32; 3]; 4]; 5],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
