use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Masking)]
    words: [[f32; 3]; 7],

    #[from(words)]
    #[branch(Dense(4))]
    read: Masked<_>,

    #[from(read)]
    #[branch(LSTM(8), Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
