use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    words: Masked<[[f32; 3]; 7]>,

    #[from(words)]
    #[branch(LSTM(3), Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
