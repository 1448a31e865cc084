use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(LSTM(3))]
    words: [[f32; 3]; 7],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: Masked<f32>,
}

fn main() {}
