//! Flags that decide which dimensions or which mask comes out, which only a literal says to the macro.

use multi_input::multi_input_model;

const ON: bool = true;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(LSTM(4, return_sequences = ON), LSTM(4))]
    past: [[f32; 4]; 10],
    #[input]
    #[branch(Embedding(10, 4, mask = !ON), LSTM(4))]
    words: [u32; 10],
    #[merge(concat(past, words))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
