use multi_input::prelude::*;

const SIZE: usize = 8;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(TimeDistributed(Conv2D(4, SIZE + 1)), TimeDistributed(Flatten), LSTM(2))]
    words: [[[[f32; SIZE]; SIZE]; 3]; 5],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
