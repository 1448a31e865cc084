use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(TimeDistributed(Conv2D(4, 9)), TimeDistributed(Flatten), LSTM(2))]
    words: [[[[f32; 8]; 8]; 3]; 5],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
