use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Embedding(50, 8, mask))]
    words: [u32; 7],

    #[input]
    codes: [[f32; 8]; 7],

    #[merge(add(words, codes))]
    sum: Masked<[[f32; 8]; 7]>,

    #[from(sum)]
    #[branch(LSTM(8), Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
